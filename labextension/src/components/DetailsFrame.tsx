import * as React from 'react';

/** The part of the sidebar below the graph that tells of the selected node. */
export function DetailsFrame(props: {
  title: string;
  tag?: string;
  onClose: () => void;
  children: React.ReactNode;
}): React.JSX.Element {
  return (
    <section
      className="mlpipe-Details"
      data-mlpipe="details"
      aria-label={`Details of ${props.title}`}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onClose();
        }
      }}
    >
      <header>
        <h2 title={props.title}>{props.title}</h2>
        {props.tag !== undefined && <span className="mlpipe-Details-tag">{props.tag}</span>}
        <button
          type="button"
          className="mlpipe-IconButton"
          title="Close"
          aria-label="Close details"
          onClick={props.onClose}
        >
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M4,4 L12,12 M12,4 L4,12" />
          </svg>
        </button>
      </header>
      <div className="mlpipe-Details-body">{props.children}</div>
    </section>
  );
}
