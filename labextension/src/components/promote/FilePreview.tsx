import * as React from 'react';

import type { CompiledFile } from '../../protocol';

/** The files that promotion writes, one shown at a time. */
export function FilePreview({ files }: { files: readonly CompiledFile[] }): React.JSX.Element {
  const [chosen, setChosen] = React.useState<string | null>(null);
  const shown = files.find(file => file.path === chosen) ?? files[0];
  const panel = React.useId();
  return (
    <div className="mlpipe-Files" data-mlpipe="files">
      <div role="tablist" aria-label="Files" className="mlpipe-Files-tabs">
        {files.map(file => (
          <button
            key={file.path}
            type="button"
            role="tab"
            aria-selected={file === shown}
            aria-controls={panel}
            data-mlpipe-file={file.path}
            onClick={() => {
              setChosen(file.path);
            }}
          >
            {file.path}
          </button>
        ))}
      </div>
      <pre className="mlpipe-Files-text" id={panel} role="tabpanel" tabIndex={0}>
        {shown?.content ?? 'The files appear here.'}
      </pre>
    </div>
  );
}
