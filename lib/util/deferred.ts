/** A promise with its two ends. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T | PromiseLike<T>): void
  reject(reason: unknown): void
}

/**
 * Makes a promise that is settled from outside (`Promise.withResolvers` came with Node 22).
 *
 * @example
 * const turn = deferred<void>()
 * turn.resolve()
 * await turn.promise
 */
export function deferred<T>(): Deferred<T> {
  let resolve!: Deferred<T>['resolve']
  let reject!: Deferred<T>['reject']
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

function ignore(): void {}

/**
 * Marks a promise as handled and gives it back: whoever awaits it still gets its rejection, but
 * it is no `unhandledRejection` while nobody does.
 *
 * @example
 * const rows = handled(runLater())
 */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore)
  return promise
}
