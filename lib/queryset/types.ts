import type {
  FieldsOf,
  HasFields,
  IsVersion,
  NotWritten,
  PlainRow,
  Simplify,
  Unknown,
  WriteInput,
} from '../meta/row-types.ts'
import type { CheckAssigned, NamedValues, ResultOf, ResultsOf } from '../query/check-types.ts'
import type { Expression } from '../query/expression.ts'
import type { PathValue, RelatedRow, Subquery } from '../query/lookup-types.ts'
import type { Need } from '../query/needs.ts'
import type { Condition } from '../query/q.ts'
import type { Annotated, WholeRow } from './annotation-types.ts'

/** The queryset class as it was written, with its own rows; and what it needs of another query. */
export type ClassOf<Q> = Q extends { readonly '~class': infer C }
  ? Q extends { readonly '~outer': infer Needs }
    ? C & { readonly '~outer': Needs }
    : C
  : Q

/** Whether the querysets of class `Q` have rows of the type `Row` by themselves. */
export type SameRow<Q, Row> =
  Q extends Subquery<infer Own>
    ? [Own] extends [Row]
      ? [Row] extends [Own]
        ? true
        : false
      : false
    : false

type RowOfAll<M, Ps extends readonly unknown[]> = Ps extends readonly [infer Head, ...infer Rest]
  ? RowOf<M, Head> & RowOfAll<M, Rest>
  : unknown

type PathRow<M, P> = { [K in Extract<P, string>]: PathValue<M, K> }

/** Each of the paths by itself: what is one of several names gives one of several rows. */
type RowOf<M, P> = P extends string
  ? { [K in P]: PathValue<M, K> }
  : P extends NamedValues
    ? ResultsOf<M, P>
    : unknown

type NamedOf<M, Ps extends readonly unknown[]> = Ps extends readonly [infer Head, ...infer Rest]
  ? (Head extends string ? unknown : Head extends NamedValues ? ResultsOf<M, Head> : unknown) &
      NamedOf<M, Rest>
  : unknown

/**
 * The scope behind `values()`: the expressions that were named there are names from now on. Asks
 * the terms only, so that a model whose methods refer to themselves is not looked at.
 */
export type WithNames<M, Ps extends readonly unknown[]> = [
  Extract<Ps[number], NamedValues>,
] extends [never]
  ? M
  : Annotated<M, NamedOf<M, Ps>>

/**
 * A row of `values()`: the paths under their own names; every column where none is given. Of a
 * list whose length is not known, any of the paths may be missing.
 */
export type ValuesRow<M, Ps extends readonly unknown[]> = Ps extends readonly []
  ? WholeRow<M>
  : number extends Ps['length']
    ? Partial<PathRow<M, Ps[number]>>
    : Simplify<RowOfAll<M, Ps>>

type ListValue<M, P> = P extends string
  ? PathValue<M, P>
  : P extends Expression<infer T, Need>
    ? ResultOf<M, T>
    : never

/** A row of `valuesList()`: the values in the order asked for. */
export type ListRow<M, Ps extends readonly unknown[]> = Ps extends readonly []
  ? PlainRow<FieldsOf<M>>[keyof PlainRow<FieldsOf<M>>][]
  : { -readonly [I in keyof Ps]: ListValue<M, Ps[I]> }

/** The value of each row of `valuesList(path, { flat: true })`. */
export type FlatRow<M, P> = ListValue<M, P>

type Writes<M> = WriteInput<FieldsOf<M>>

/** The argument of `update()`: each column's value, an expression, or whether a condition holds. */
export type UpdateInput<M extends HasFields<unknown>> = {
  readonly [K in keyof Writes<M> as IsVersion<FieldsOf<M>, K> extends true ? never : K]?:
    | Exclude<Writes<M>[K], undefined>
    | Expression<unknown, Need>
    | (boolean extends Writes<M>[K] ? Condition : never)
}

/** The argument of `update()` as it must be. */
export type CheckUpdate<M, U> = {
  [K in keyof U]: K extends keyof Writes<M>
    ? IsVersion<FieldsOf<M>, K> extends true
      ? NotWritten<K & string>
      : Exclude<Writes<M>[K], undefined> | CheckAssigned<M, Exclude<Writes<M>[K], undefined>, U[K]>
    : Unknown<K & string>
}

/** Objects for `defaults` of `getOrCreate` and `updateOrCreate`; functions are called. */
export type DefaultsOf<M> = {
  [K in keyof Writes<M>]?: Writes<M>[K] | (() => Writes<M>[K])
}

/** The row `R` when the relations at the paths `Ps` are loaded: they read as instances. */
export type WithRelated<M, R, Ps extends readonly unknown[]> = Ps extends readonly [
  infer P,
  ...infer Rest,
]
  ? (P extends string ? RelatedRow<M, P> : unknown) & WithRelated<M, R, Rest>
  : R

/** The values of the column `P`; of a queryset over an unknown model they are unknown. */
export type BulkKey<M, P extends string> = unknown extends M ? unknown : PathValue<M, P>

/** Options of `getOrCreate()`. */
export interface GetOrCreateOptions<D> {
  /** Further values of a row that is created; functions are called. */
  readonly defaults?: D
}

/** Options of `updateOrCreate()`. */
export interface UpdateOrCreateOptions<D> extends GetOrCreateOptions<D> {
  /** Used instead of `defaults` when the row is created. */
  readonly createDefaults?: D
}

/** A statement as a driver takes it. */
export interface Sql {
  readonly sql: string
  readonly bindings: readonly unknown[]
}

/** Options of `union()`, behind its querysets. */
export interface UnionOptions {
  /** Keeps rows that are there more than once. @default false */
  readonly all?: boolean
}
