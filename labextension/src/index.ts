import { lineagePlugin } from './plugins/lineage';
import { promotePlugin } from './plugins/promote';
import { sidebarPlugin } from './plugins/sidebar';
import { stepsPlugin } from './plugins/steps';

export default [lineagePlugin, sidebarPlugin, promotePlugin, stepsPlugin];
