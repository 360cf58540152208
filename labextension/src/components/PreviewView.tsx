import * as React from 'react';

import { shortNumber } from '../format';
import type { Column, Preview } from '../protocol';
import { useDarkTheme } from './useDarkTheme';

const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
/** A page that speaks of colours takes white paper and black ink for granted. */
const COLOURED = /<style|style\s*=|color|background/i;
/** Counts only where the page says nothing else. */
const TYPE = '<style>:where(body){font:13px/1.45 system-ui,sans-serif}</style>';
const NUMBERS = /^(u?int|float|double|decimal|[iuf]\d)/i;
const MISSING = new Set(['', 'nan', 'NaN', 'None', 'NaT', '<NA>', 'null']);

/** What a value looks like. It is data: shown as text, as a PNG, or shut up in a frame. */
export function PreviewView({ preview }: { preview: Preview }): React.JSX.Element {
  switch (preview.kind) {
    case 'table':
      return <Table preview={preview} />;
    case 'image':
      return <Image data={preview.image} />;
    case 'html':
      return <Page html={preview.text} />;
    case 'json':
      return <pre className="mlpipe-Preview-text">{indented(preview.text)}</pre>;
    default:
      return <pre className="mlpipe-Preview-text">{preview.text}</pre>;
  }
}

function Table({
  preview: { columns, rows, total_rows }
}: {
  preview: Preview;
}): React.JSX.Element {
  return (
    <figure className="mlpipe-Preview-table">
      <div className="mlpipe-Preview-scroll" tabIndex={0} role="region" aria-label="Table preview">
        <table>
          <thead>
            <tr>
              {columns.map((column, i) => (
                <ColumnHead key={i} column={column} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, r) => (
              <tr key={r}>
                {row.map((cell, c) => (
                  <Cell key={c} text={cell} column={columns[c]} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <figcaption>
        {rows.length < total_rows
          ? `First ${rows.length} of ${total_rows.toLocaleString()} rows`
          : `${rows.length} rows`}
        {` · ${columns.length} columns`}
      </figcaption>
    </figure>
  );
}

function Cell(props: { text: string; column: Column | undefined }): React.JSX.Element {
  const { text, column } = props;
  const isNumber = column !== undefined && NUMBERS.test(column.dtype);
  const isMissing = column !== undefined && column.nulls > 0 && MISSING.has(text);
  return (
    <td title={text} data-number={isNumber || undefined} data-missing={isMissing || undefined}>
      {isNumber ? shortNumber(text) : text}
    </td>
  );
}

function ColumnHead({ column }: { column: Column }): React.JSX.Element {
  return (
    <th scope="col" data-number={NUMBERS.test(column.dtype) || undefined}>
      <span className="mlpipe-Column-name">{column.name}</span>
      <span className="mlpipe-Column-note">
        {column.dtype}
        {column.nulls > 0 && ` · ${column.nulls} missing`}
      </span>
      {column.summary !== '' && <span className="mlpipe-Column-note">{column.summary}</span>}
    </th>
  );
}

function Image({ data }: { data: string }): React.JSX.Element {
  return BASE64.test(data) ? (
    <img
      className="mlpipe-Preview-image"
      src={`data:image/png;base64,${data}`}
      alt="Preview of the value"
    />
  ) : (
    <p>The preview is not an image.</p>
  );
}

/** Without any `allow-`, a frame runs no script; the policy keeps it from fetching. */
function Page({ html }: { html: string }): React.JSX.Element {
  const dark = useDarkTheme() && !COLOURED.test(html);
  const scheme = `<meta name="color-scheme" content="${dark ? 'dark' : 'light'}">`;
  const policy = `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`;
  return (
    <iframe
      className="mlpipe-Preview-page"
      title="Preview of the page"
      sandbox=""
      referrerPolicy="no-referrer"
      data-dark={dark || undefined}
      srcDoc={`${policy}${scheme}${TYPE}${html}`}
    />
  );
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // cut to a readable length, so no longer JSON
  }
}
