/** What a browser can tell of a recording or a film. Elsewhere nothing is known. */
export interface Looked {
  second: number;
  width: number;
  height: number;
  /** A frame of a film, as JPEG. */
  frame?: Blob;
}

/** How long a browser may take to read a file, milliseconds. */
const LOOK_MAX = 5_000;

const event = (element: HTMLMediaElement, name: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(name)), LOOK_MAX);
    const done = (then: () => void) => () => {
      clearTimeout(timer);
      then();
    };
    element.addEventListener(name, done(resolve), { once: true });
    element.addEventListener('error', done(() => reject(new Error('error'))), { once: true });
  });

async function frameOf(video: HTMLVideoElement): Promise<Blob | undefined> {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? undefined), 'image/jpeg', 0.8));
}

/** The length of a recording or a film, and the size and a frame of a film. */
export async function lookAt(file: Blob, kind: 'audio' | 'video'): Promise<Looked> {
  const looked: Looked = { second: 0, width: 0, height: 0 };
  if (typeof document === 'undefined') return looked;
  const url = URL.createObjectURL(file);
  try {
    const element = document.createElement(kind);
    element.muted = true;
    element.preload = 'auto';
    const loaded = event(element, 'loadeddata');
    element.src = url;
    await loaded;
    looked.second = Number.isFinite(element.duration) ? Math.round(element.duration) : 0;
    if (element instanceof HTMLVideoElement) {
      looked.width = element.videoWidth;
      looked.height = element.videoHeight;
      looked.frame = await frameOf(element);
    }
  } catch {
    // A browser that cannot play it can send it all the same.
  } finally {
    URL.revokeObjectURL(url);
  }
  return looked;
}

/** The size of an image of which the server could not read it. */
export async function sizeOf(file: Blob): Promise<{ width: number; height: number }> {
  try {
    const bitmap = await createImageBitmap(file);
    const { width, height } = bitmap;
    bitmap.close();
    return { width, height };
  } catch {
    return { width: 0, height: 0 };
  }
}
