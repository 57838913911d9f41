/**
 * Lookups and transforms of your own, for the compiler: merge into it what `registerLookup()` and
 * `registerTransform()` register. `on` is the kind of values that have it, `lookup` the type of what
 * it is compared with, `transform` the type of what it makes.
 *
 * @example
 * declare module 'asynchrormous' {
 *   interface CustomLookups {
 *     soundsLike: { on: 'text'; lookup: string }
 *     lower: { on: 'text'; transform: string }
 *   }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: programs merge their own members into it.
export interface CustomLookups {}
