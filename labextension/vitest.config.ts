import { defineConfig } from 'vitest/config';

export default defineConfig({
  esbuild: { jsx: 'transform' },
  test: { include: ['src/**/__tests__/*.spec.{ts,tsx}'], pool: 'threads' }
});
