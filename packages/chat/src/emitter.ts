type Handler = (event: any) => void;

interface Listener {
  handler: Handler;
  context: unknown;
  once: boolean;
}

/** Listeners by event name. A listener that throws does not keep the others from hearing. */
export class Emitter {
  private readonly listeners = new Map<string, Listener[]>();

  on(name: string, handler: Handler, context?: unknown, once = false): void {
    if (typeof name !== 'string' || typeof handler !== 'function') return;
    const listeners = this.listeners.get(name) ?? [];
    this.listeners.set(name, [...listeners, { handler, context, once }]);
  }

  off(name: string, handler?: Handler, context?: unknown): void {
    const keeps = (listener: Listener) =>
      (handler !== undefined && listener.handler !== handler) ||
      (context !== undefined && listener.context !== context);
    this.listeners.set(name, (this.listeners.get(name) ?? []).filter(keeps));
  }

  emit(name: string, data?: unknown): void {
    for (const listener of this.listeners.get(name) ?? []) {
      if (listener.once) this.off(name, listener.handler, listener.context);
      try {
        listener.handler.call(listener.context, { name, data });
      } catch (error) {
        console.error(`a listener of ${name} failed`, error);
      }
    }
  }

  clear(): void {
    this.listeners.clear();
  }
}
