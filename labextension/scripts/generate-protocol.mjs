/** Makes src/protocol.schema.json and src/protocol.ts from the Python records. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { compile } from 'json-schema-to-typescript';

const labextension = dirname(dirname(fileURLToPath(import.meta.url)));
const schema = execFileSync('python', ['-m', 'jupyter_mlpipe.model.protocol'], {
  cwd: dirname(labextension),
  encoding: 'utf8'
});
writeFileSync(join(labextension, 'src', 'protocol.schema.json'), schema);

const { $defs } = JSON.parse(schema);
const names = Object.keys($defs);
const everything = {
  title: 'Records',
  description: 'Every record by its name.',
  type: 'object',
  additionalProperties: false,
  required: names,
  properties: Object.fromEntries(names.map(name => [name, { $ref: `#/$defs/${name}` }])),
  $defs
};
const types = await compile(everything, 'Records', {
  bannerComment: '/* Generated from jupyter_mlpipe.model by `jlpm generate`; do not edit. */',
  format: false
});
writeFileSync(join(labextension, 'src', 'protocol.ts'), types);
