import { Clipboard } from '@jupyterlab/apputils';

/** The browser's own clipboard exists only on HTTPS and localhost. */
export function copyText(text: string): void {
  const clipboard = navigator.clipboard as typeof navigator.clipboard | undefined;
  if (clipboard === undefined) {
    Clipboard.copyToSystem(text);
  } else {
    clipboard.writeText(text).catch(() => {
      Clipboard.copyToSystem(text);
    });
  }
}
