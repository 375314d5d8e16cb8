/** How long waits between looks, in milliseconds: what is awaited here comes within tenths of a second. */
export const soon = [50, 100];
