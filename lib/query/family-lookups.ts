import type { RangeInput } from '../fields/range-value.ts'
import type { Frozen } from '../meta/row-types.ts'

/** Marks the documents that `SearchVector()` makes. */
export interface Searchable {
  readonly searchable: true
}

/** Lookups every column has. `V` is its value. */
export interface EqualLookups<V> {
  exact: V
  in: readonly V[]
  isnull: boolean
}

/** Lookups of columns whose values have an order. */
export interface OrderedLookups<V> extends EqualLookups<V> {
  gt: V
  gte: V
  lt: V
  lte: V
  range: readonly [V, V]
}

/** Lookups of text. */
export interface TextLookups<V> extends OrderedLookups<V> {
  iexact: string | null
  contains: string
  icontains: string
  startswith: string
  istartswith: string
  endswith: string
  iendswith: string
  regex: string
  iregex: string
  /** PostgreSQL only, as those below. */
  search: string
  trigramSimilar: string
  trigramWordSimilar: string
}

type NumberLookups = OrderedLookups<number>

/** Lookups and transforms of calendar days. */
export interface DateLookups<V> extends OrderedLookups<V> {
  year: NumberLookups
  isoYear: NumberLookups
  quarter: NumberLookups
  month: NumberLookups
  week: NumberLookups
  day: NumberLookups
  weekDay: NumberLookups
  isoWeekDay: NumberLookups
}

/** Lookups and transforms of times of day. */
export interface TimeLookups<V> extends OrderedLookups<V> {
  hour: NumberLookups
  minute: NumberLookups
  second: NumberLookups
}

/** Lookups and transforms of instants, all in UTC. */
export interface DateTimeLookups<V> extends DateLookups<V>, TimeLookups<V> {
  date: DateLookups<string>
  time: TimeLookups<string>
}

/** Lookups of JSON; any other name is a key or an index into the value. */
export interface JsonLookups<V> extends EqualLookups<V> {
  contains: unknown
  containedBy: unknown
  hasKey: string
  hasKeys: readonly string[]
  hasAnyKeys: readonly string[]
}

/** Lookups of arrays. */
export interface ArrayLookups<V> extends OrderedLookups<V> {
  contains: V
  containedBy: V
  overlap: V
  len: NumberLookups
}

/** Lookups of ranges of values `T`; their ends have the lookups of what they are. */
export interface RangeLookups<T> extends EqualLookups<RangeInput<T>> {
  contains: T | RangeInput<T>
  containedBy: RangeInput<T>
  overlap: RangeInput<T>
  fullyLt: RangeInput<T>
  fullyGt: RangeInput<T>
  notLt: RangeInput<T>
  notGt: RangeInput<T>
  adjacentTo: RangeInput<T>
  isEmpty: EqualLookups<boolean>
  /** Whether the end belongs to the range; false of one that is none. */
  lowerInc: EqualLookups<boolean>
  upperInc: EqualLookups<boolean>
  /** Whether there is no end. */
  lowerInf: EqualLookups<boolean>
  upperInf: EqualLookups<boolean>
}

/** Lookups of a document to search. */
export interface SearchLookups<V> extends Pick<EqualLookups<V>, 'exact' | 'isnull'> {
  search: string
}

/** Keys whose last part is a lookup that takes no queryset. */
export type WithoutSubquery =
  `${string}__${Exclude<keyof TextLookups<unknown> | keyof JsonLookups<unknown>, 'exact' | 'in'>}`

/** What each family of values can be looked up by. */
export interface LookupsByFamily<V> {
  text: TextLookups<V>
  number: OrderedLookups<V>
  bigint: OrderedLookups<V>
  decimal: OrderedLookups<V>
  duration: OrderedLookups<V>
  date: DateLookups<V>
  time: TimeLookups<V>
  dateTime: DateTimeLookups<V>
  boolean: EqualLookups<V>
  uuid: EqualLookups<V>
  binary: EqualLookups<V>
  json: JsonLookups<Frozen<V>>
  array: ArrayLookups<V>
  range: RangeLookups<V> & { startswith: EqualLookups<V>; endswith: EqualLookups<V> }
  searchVector: SearchLookups<V>
}
