/** Ids of the commands, for palettes, menus and shortcuts. */
export const CommandIDs = {
  /** Takes `{run: id}` to open the list of runs at that run. */
  openSidebar: 'mlpipe:open-sidebar',
  runStale: 'mlpipe:run-stale',
  promote: 'mlpipe:promote',
  makeStep: 'mlpipe:make-step'
} as const;

export const CATEGORY = 'ML pipeline';
