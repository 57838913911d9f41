/** The lookup objects and expressions of a condition, all of which its model must have. */
export interface ConditionNeed<out W> {
  readonly condition: W
}

/**
 * What an expression needs of the model it reaches: a path, or a condition. Paths that begin with
 * `^` are of the query around it. For the compiler of TypeScript only.
 */
export type Need = string | ConditionNeed<unknown>

/** What a queryset with `OuterRef`s needs of the query around it: keys, so that needs add up. */
export interface Refers<P extends string> {
  readonly '~outer': { readonly [K in P]: true }
}

/** What the query around `Q` must have; never if `Q` stands for itself. */
export type OuterNeeds<Q> = Q extends { readonly '~outer': infer Needs }
  ? keyof Needs & string
  : never
