import * as React from 'react';

import { statusWord } from '../graph/scene';
import { StatusGlyph } from './StatusGlyph';

const STATUSES = ['succeeded', 'cached', 'running', 'stale', 'failed', 'skipped', 'not_run'];

/** What the signs on the steps mean. */
export function Legend(): React.JSX.Element {
  return (
    <ul className="mlpipe-Legend" aria-label="Legend">
      {STATUSES.map(status => (
        <li key={status}>
          <StatusGlyph status={status} />
          {statusWord(status)}
        </li>
      ))}
    </ul>
  );
}
