/** The `%%step` line of a cell, as text. */

const STEP_LINE = /^\s*%%step[ \t]+(?:"([^"]*)"|'([^']*)'|(\S+))/;

/** Name of the step that a cell's source states, or null for any other cell. */
export function stepName(source: string): string | null {
  const found = STEP_LINE.exec(source);
  return found ? (found[1] ?? found[2] ?? found[3] ?? null) : null;
}

/** A name for an untagged cell, from its first comment, call or assignment, not yet `taken`. */
export function proposeStepName(source: string, taken: ReadonlySet<string>): string {
  const base = baseName(source);
  let name = base;
  for (let n = 2; taken.has(name); n++) {
    name = `${base}_${n}`;
  }
  return name;
}

function baseName(source: string): string {
  const lines = codeLines(source);
  const words = lines[0]?.startsWith('#') ? (lines[0].match(/[\p{L}\p{N}]+/gu) ?? []) : [];
  if (words.length > 0) {
    return words.slice(0, 3).join('_').toLowerCase();
  }
  return nameIn(lines.find(line => !/^(#|import\s|from\s)/.test(line)) ?? '') || 'step';
}

/** The function that a line calls, or else the variable that it sets. */
function nameIn(line: string): string {
  const found =
    /^[\w\s,]*=\s*(?:\w+\.)*([a-z_]\w*)\(/.exec(line) ??
    /^([a-z_]\w*)\(/.exec(line) ??
    /^([a-z_]\w*)\s*(?:,|=[^=])/i.exec(line);
  return found?.[1]?.replace(/^_+/, '') ?? '';
}

function codeLines(source: string): string[] {
  return source
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('%'));
}
