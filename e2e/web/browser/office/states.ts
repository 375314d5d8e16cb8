// Every screen of the office in every state that it can be brought to (docs/office.md), for the
// checks of how screens look.
import type { State } from './state.ts';
import { frame } from './states/frame.ts';
import { goods } from './states/goods.ts';
import { grid } from './states/grid.ts';
import { lists } from './states/lists.ts';
import { orders } from './states/orders.ts';
import { people } from './states/people.ts';
import { settings } from './states/settings.ts';

export const states: readonly State[] = [...frame, ...orders, ...goods, ...grid, ...lists, ...people, ...settings];
