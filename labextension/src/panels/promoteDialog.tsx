import { ReactWidget } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import type { Api } from '../api';
import { PromoteView } from '../components/promote/PromoteView';
import { copyText } from './clipboard';
import { usePromotion } from './usePromotion';

export interface PromoteOptions {
  api: Api;
  /** The notebook, relative to the server's root. */
  path: string;
  onSubmitted: (runId: string) => void;
}

/** Opens the dialog over the page; it disposes itself when it is closed. */
export function openPromoteDialog(options: PromoteOptions): void {
  Widget.attach(new PromoteDialog(options), document.body);
}

class PromoteDialog extends ReactWidget {
  constructor(private readonly options: PromoteOptions) {
    super();
  }

  protected render(): React.JSX.Element {
    return (
      <PromoteModal
        {...this.options}
        onClose={() => {
          this.dispose();
        }}
      />
    );
  }
}

/** A modal element of the browser: it keeps the focus inside and closes on Escape. */
function PromoteModal(props: PromoteOptions & { onClose: () => void }): React.JSX.Element {
  const { api, path, onClose } = props;
  const dialog = React.useRef<HTMLDialogElement>(null);
  React.useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const promotion = usePromotion(api, path, runId => {
    dialog.current?.close();
    props.onSubmitted(runId);
  });
  return (
    <dialog
      ref={dialog}
      className="mlpipe-PromoteDialog"
      data-mlpipe="promote-dialog"
      data-lm-suppress-shortcuts="true"
      aria-label="Promote the notebook"
      onClose={onClose}
    >
      <PromoteView
        notebook={PathExt.basename(path)}
        targets={promotion.targets}
        form={promotion.form}
        faults={promotion.faults}
        plan={promotion.plan}
        written={promotion.written}
        error={promotion.error}
        busy={promotion.busy}
        onChange={promotion.change}
        onWrite={promotion.write}
        onRun={promotion.run}
        onCopy={copyText}
        onClose={() => dialog.current?.close()}
      />
    </dialog>
  );
}
