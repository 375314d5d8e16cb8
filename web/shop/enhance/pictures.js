// Pictures that can't be loaded are taken away: the swatch beneath stands for them, and says
// nothing. Without a script the browser shows their text on it.

/** @param {EventTarget | null} picture */
function failed(picture) {
  if (picture instanceof HTMLImageElement) picture.remove();
}

addEventListener('error', (event) => failed(event.target), true);
for (const picture of [...document.images]) if (picture.complete && picture.naturalWidth === 0) failed(picture);
