import * as React from 'react';

export type NoticeKind = 'info' | 'warning' | 'error';

/** Sentences for the user, always as text. */
export function Notice(props: {
  kind: NoticeKind;
  lines: readonly string[];
}): React.JSX.Element | null {
  return props.lines.length === 0 ? null : (
    <div
      className={`mlpipe-Notice mlpipe-mod-${props.kind}`}
      data-mlpipe={`notice-${props.kind}`}
      role={props.kind === 'error' ? 'alert' : 'status'}
    >
      {props.lines.map((line, i) => (
        <p key={i}>{line}</p>
      ))}
    </div>
  );
}

/** Instead of content: what is missing, and what to do next. */
export function EmptyState(props: {
  title: string;
  children?: React.ReactNode;
}): React.JSX.Element {
  return (
    <div className="mlpipe-Empty" data-mlpipe="empty">
      <p className="mlpipe-Empty-title">{props.title}</p>
      {props.children}
    </div>
  );
}
