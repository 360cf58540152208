/** Checks what arrives from outside against the schema that the types were made from. */
import type { Records } from './protocol';
import schema from './protocol.schema.json';

export type RecordName = keyof Records;

interface Schema {
  type?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  $ref?: string;
}

const definitions = schema.$defs as Record<RecordName, Schema>;

/** Something arrived that is not what both sides agreed on. */
export class ProtocolError extends Error {}

/**
 * Whether a value is the named record. Fields this version does not know are allowed, so that a
 * newer server may say more.
 */
export function isRecord<K extends RecordName>(name: K, value: unknown): value is Records[K] {
  return fault(definitions[name], value, name) === null;
}

/** The value as the named record; throws a ProtocolError that names the field at fault. */
export function expectRecord<K extends RecordName>(name: K, value: unknown): Records[K] {
  const found = fault(definitions[name], value, name);
  if (found !== null) {
    throw new ProtocolError(
      `The server answered something unexpected (${found}). ` +
        'The server and the JupyterLab extension may be of different versions: reload the page.'
    );
  }
  return value as Records[K];
}

/** The list under `field` of an answer such as `{"format": 1, "runs": [...]}`. */
export function expectList<K extends RecordName>(
  name: K,
  field: string,
  answer: unknown
): Records[K][] {
  const list = isObject(answer) ? answer[field] : undefined;
  if (!Array.isArray(list)) {
    throw new ProtocolError(`The server's answer has no list of ${field}: reload the page.`);
  }
  return list.map(item => expectRecord(name, item));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first place where the value departs from the schema, or null. */
function fault(schema: Schema, value: unknown, at: string): string | null {
  if (schema.$ref) {
    const name = schema.$ref.replace('#/$defs/', '') as RecordName;
    return fault(definitions[name], value, at);
  }
  if (schema.enum) {
    return schema.enum.includes(value) ? null : `${at} is ${shown(value)}`;
  }
  if (schema.anyOf) {
    const faults = schema.anyOf.map(option => fault(option, value, at));
    return faults.includes(null) ? null : (faults[0] ?? null);
  }
  return hasType(schema.type, value) ? faultInside(schema, value, at) : `${at} is ${shown(value)}`;
}

function faultInside(schema: Schema, value: unknown, at: string): string | null {
  if (Array.isArray(value)) {
    return firstFault(value.map((item, i) => [schema.items ?? {}, item, `${at}[${i}]`]));
  }
  if (!isObject(value)) {
    return null;
  }
  const missing = schema.required?.find(field => !(field in value));
  if (missing !== undefined) {
    return `${at} has no ${missing}`;
  }
  const rest = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
  return firstFault(
    Object.entries(value).map(([key, item]) => [
      schema.properties?.[key] ?? rest,
      item,
      `${at}.${key}`
    ])
  );
}

function firstFault(parts: [Schema, unknown, string][]): string | null {
  for (const [schema, value, at] of parts) {
    const found = fault(schema, value, at);
    if (found !== null) {
      return found;
    }
  }
  return null;
}

function hasType(type: string | undefined, value: unknown): boolean {
  switch (type) {
    case undefined:
      return true;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function shown(value: unknown): string {
  return (JSON.stringify(value) as string | undefined)?.slice(0, 40) ?? 'missing';
}
