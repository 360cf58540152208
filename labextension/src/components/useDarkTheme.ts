import * as React from 'react';

/** Whether JupyterLab's theme is dark, which a page in a frame of its own cannot see. */
export function useDarkTheme(): boolean {
  return React.useSyncExternalStore(onThemeChange, isDark);
}

function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributeFilter: ['data-jp-theme-light'] });
  return () => {
    observer.disconnect();
  };
}

function isDark(): boolean {
  return document.body.dataset.jpThemeLight === 'false';
}
