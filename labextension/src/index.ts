import { lineagePlugin } from './plugins/lineage';
import { promotePlugin } from './plugins/promote';
import { sidebarPlugin } from './plugins/sidebar';
import { stalePlugin } from './plugins/stale';
import { stepsPlugin } from './plugins/steps';

export default [lineagePlugin, sidebarPlugin, promotePlugin, stalePlugin, stepsPlugin];
