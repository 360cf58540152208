import * as React from 'react';

const SHOWN_MS = 1500;

/** Copies a text and says so for a moment. */
export function CopyButton(props: {
  text: string;
  label: string;
  onCopy: (text: string) => void;
}): React.JSX.Element {
  const [copied, setCopied] = React.useState(false);
  React.useEffect(() => {
    const timer = copied
      ? setTimeout(() => {
          setCopied(false);
        }, SHOWN_MS)
      : undefined;
    return () => {
      clearTimeout(timer);
    };
  }, [copied]);
  return (
    <button
      type="button"
      className="mlpipe-Button"
      data-mlpipe="copy"
      onClick={() => {
        props.onCopy(props.text);
        setCopied(true);
      }}
    >
      {copied ? 'Copied' : props.label}
    </button>
  );
}
