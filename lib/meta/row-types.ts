import type { ColumnField } from '../fields/column-field.ts'
import type { JsonValue } from '../fields/json.ts'
import type { RangeInput } from '../fields/range-value.ts'
import type { RelationField } from '../fields/relation-field.ts'

/** The second argument of `Model(table, fields)`: properties to fields. */
export type FieldMap = { readonly [property: string]: ColumnField | RelationField }

/**
 * What every instance type has for the compiler alone: its field map, and what tells it from a
 * promise-like of it. Here and elsewhere, names with a `~` do not exist at run time.
 */
export interface HasFields<FS = FieldMap> {
  readonly '~fields': FS
  readonly '~loaded': true
}

/** A property that stands for many related instances, or for the one on the far side. */
export interface HasRelated<M, Many extends boolean> {
  readonly '~related': { readonly model: M; readonly many: Many }
}

/**
 * A relation as it is read: the instance once it is loaded, else a promise-like that loads it. Never
 * test it without awaiting it: a promise-like is truthy, also where null will come out of it.
 *
 * @example if ((await book.editor) === null) print('by nobody')
 */
export type Awaitable<T> = T | Unloaded<T>

/** A relation that is loaded when it is awaited. */
export interface Unloaded<T> extends PromiseLike<T> {
  readonly '~loaded': false
}

/** Shows a computed object type as one object. */
export type Simplify<T> = { [K in keyof T]: T[K] } & {}

type AutoField = ColumnField<{
  readonly value: number
  readonly null: false
  readonly optional: true
  readonly family: 'number'
  readonly primary: true
}>

type PrimaryName<FS> = {
  [K in keyof FS]: FS[K] extends { readonly spec: { readonly primary: true } } ? K : never
}[keyof FS]

/** A field map with the `id` that a model without a primary key gets. */
export type WithId<FS> = [PrimaryName<FS>] extends [never] ? { readonly id: AutoField } & FS : FS

/** The field map of an instance type; without fields where it is none. */
export type FieldsOf<M> = M extends { readonly '~fields': infer FS } ? FS : object

/** A column's value on an instance, with null where the column may be NULL. */
export type ColumnValue<F> = F extends {
  readonly kind: 'column'
  readonly spec: { readonly value: infer T; readonly null: infer N }
}
  ? OrNull<T, N>
  : never

/** `T`, or null as well where `N` is true. */
export type OrNull<T, N> = true extends N ? T | null : T

/** The column that identifies an instance: its field, or that of the row it extends. */
export type PrimaryField<FS> = FS[PrimaryName<FS>] extends infer F
  ? F extends { readonly kind: 'column' }
    ? F
    : KeyField<F>
  : never

/** The value of `pk`. */
export type PkOf<M> = M extends { readonly '~fields': infer FS }
  ? ColumnValue<PrimaryField<FS>>
  : unknown

/** The column that a foreign key refers to. */
export type KeyField<F> = F extends {
  readonly spec: { readonly target: infer M; readonly toField: infer TF }
}
  ? TF extends keyof FieldsOf<M>
    ? FieldsOf<M>[TF]
    : PrimaryField<FieldsOf<M>>
  : never

/** A foreign key's value, without null. */
export type KeyValue<F> = ColumnValue<KeyField<F>>

type Names<FS, Kind extends string> = {
  [K in keyof FS & string]: FS[K] extends { readonly kind: Kind } ? K : never
}[keyof FS & string]

/** The properties of a field map that are columns. */
export type ColumnNames<FS> = Names<FS, 'column'>
/** The properties of a field map that are foreign keys or one-to-one relations. */
export type KeyNames<FS> = Names<FS, 'foreignKey' | 'oneToOne'>

type Columns<FS> = {
  -readonly [K in keyof FS as FS[K] extends { readonly kind: 'column' } ? K : never]: ColumnValue<
    FS[K]
  >
}

/** The value of a foreign key's column, null included. */
type KeyColumnValue<F> = F extends { readonly spec: { readonly null: infer N } }
  ? OrNull<KeyValue<F>, N>
  : never

type Keys<FS> = {
  -readonly [K in keyof FS as FS[K] extends { readonly kind: 'foreignKey' | 'oneToOne' }
    ? `${K & string}Id`
    : never]: KeyColumnValue<FS[K]>
}

type Forward<FS> = {
  -readonly [K in keyof FS as FS[K] extends { readonly kind: 'foreignKey' | 'oneToOne' }
    ? K
    : never]: FS[K] extends {
    readonly spec: { readonly target: infer M; readonly null: infer N }
  }
    ? Awaitable<OrNull<M, N>>
    : never
}

/** The plain columns of an instance, foreign keys under their `…Id`: what `values()` gives. */
export type PlainRow<FS> = Simplify<Columns<FS> & Keys<FS>>

/** Everything the field map gives an instance but its many-to-many managers. */
export type Row<FS> = Columns<FS> & Keys<FS> & Forward<FS>

/** What JSON can hold, where it is only read: `as const` and frozen values will do. */
export type ReadonlyJson =
  | string
  | number
  | boolean
  | null
  | readonly ReadonlyJson[]
  | { readonly [key: string]: ReadonlyJson }

/** A value of a JSON column where it is only read. */
export type Frozen<T> = JsonValue extends T
  ? ReadonlyJson
  : T extends readonly (infer E)[]
    ? readonly Frozen<E>[]
    : { readonly [K in keyof T]: Frozen<T[K]> }

/** An array where it is only read. */
export type ReadonlyItems<T> = T extends readonly (infer E)[] ? readonly ReadonlyItems<E>[] : T

/** What may be written for a range. */
export type RangeInputOf<T> = T extends { readonly lower: infer L }
  ? RangeInput<NonNullable<L>>
  : never

/** What may be written to a column. */
type ColumnInput<F> = F extends {
  readonly kind: 'column'
  readonly spec: { readonly value: infer T; readonly null: infer N; readonly family: infer A }
}
  ? OrNull<
      A extends 'json'
        ? Frozen<T>
        : A extends 'array'
          ? ReadonlyItems<T>
          : A extends 'range'
            ? RangeInputOf<T>
            : T,
      N
    >
  : never

/** What may be written to a foreign key: an instance, or its key. */
export type KeyInput<F> = F extends {
  readonly spec: { readonly target: infer M; readonly null: infer N }
}
  ? OrNull<M | KeyValue<F>, N>
  : never

type IsOptional<F> = F extends { readonly spec: { readonly optional: true } } ? true : false

type RequiredColumns<FS> = {
  [K in ColumnNames<FS>]: IsOptional<FS[K]> extends true ? never : K
}[ColumnNames<FS>]

type RequiredKeys<FS> = {
  [K in KeyNames<FS>]: IsOptional<FS[K]> extends true ? never : K
}[KeyNames<FS>]

/** `T`, or undefined as well where the field may be left out. */
type OrLeft<T, F> = IsOptional<F> extends true ? T | undefined : T

/** The value that each property of a row takes that is written. */
type InputOf<FS> = {
  [K in ColumnNames<FS>]: OrLeft<ColumnInput<FS[K]>, FS[K]>
} & {
  [K in KeyNames<FS>]: OrLeft<KeyInput<FS[K]>, FS[K]>
} & {
  [K in KeyNames<FS> as `${K}Id`]: OrLeft<KeyColumnValue<FS[K]>, FS[K]>
}

/** The values of a row that is written, none of them required; undefined is as if left out. */
export type WriteInput<FS> = { [K in keyof InputOf<FS>]?: InputOf<FS>[K] | undefined }

/**
 * The argument of `create()`: every required column, and foreign keys in one of their two forms,
 * an instance or its key.
 *
 * @example const input: CreateInput<Book> = { title: 'Emma', publishedAt: new Date(), authorId: 1 }
 */
export type CreateInput<M extends HasFields<unknown>> = Simplify<
  { [K in RequiredColumns<FieldsOf<M>>]: InputOf<FieldsOf<M>>[K] } & {
    [K in keyof InputOf<FieldsOf<M>>]?: InputOf<FieldsOf<M>>[K]
  }
>

/** What an editor offers where a row is written; values are checked elsewhere. */
export type WriteHint<M> = { readonly [K in keyof InputOf<FieldsOf<M>>]?: unknown }

/** What an editor offers in `create()`. */
export type CreateHint<M> = {
  readonly [K in RequiredColumns<FieldsOf<M>>]: unknown
} & WriteHint<M>

/** `K`, unless `C` has it as what other kinds of an input have: `K?: undefined`. */
type Given<C, K> = K extends keyof C
  ? object extends Pick<C, K>
    ? [C[K]] extends [undefined]
      ? never
      : K
    : K
  : never

/** `K`, if some kind of the input `C` gives neither an instance nor a key. */
type Missing<C, K extends string> =
  C extends HasFields<unknown>
    ? never
    : string extends keyof C
      ? never
      : [Given<C, K | `${K}Id`>] extends [never]
        ? K
        : never

/** The values of the input `C` as they must be, unknown names by name; instances as they are. */
export type CheckInput<Known, C> = {
  [K in keyof C]: C extends HasFields<unknown>
    ? C[K]
    : K extends keyof Known
      ? Known[K]
      : Unknown<K & string>
}

/** What tells the instances of `M` from those of others. */
type TableOf<M> = M extends { readonly '~table': infer Table } ? Table : unknown

/**
 * The input `C` of `create()` as it must be, with the required keys that are missing. An instance,
 * which `bulkCreate()` takes too, is of the model.
 */
export type CheckCreate<M, C> = CheckInput<InputOf<FieldsOf<M>>, C> & {
  [K in RequiredKeys<FieldsOf<M>> as Missing<C, K>]: KeyInput<FieldsOf<M>[K]>
} & { readonly [K in Extract<keyof C, '~table'>]: TableOf<M> }

/** Takes anything, but lets literals in callbacks (`rows.map(…)`) stay what is due. */
type Loose<T> = T | NonNullable<unknown> | null | undefined

/** What an editor offers in a row of `bulkCreate()`. */
export type RowHint<M> = {
  readonly [K in keyof InputOf<FieldsOf<M>>]?: Loose<InputOf<FieldsOf<M>>[K]>
}

/** A row of `bulkCreate()` as it must be: the argument of `create()`, or an instance. */
type CheckRow<M, C> =
  C extends HasFields<unknown> ? InstanceHint<M> : CreateHint<M> & CheckCreate<M, C>

/** The rows of `bulkCreate()` as they must be, each by itself. */
export type CheckRows<M, Rows extends readonly unknown[]> = {
  readonly [I in keyof Rows]: Rows[I] extends CheckRow<M, Rows[I]> ? Rows[I] : CheckRow<M, Rows[I]>
}

/** An instance of the model `M`, whatever of it is loaded. */
export type InstanceHint<M> = HasFields<FieldsOf<M>> & { readonly '~table': TableOf<M> }

/** The columns of a field map by name. An interface, so that messages list the names themselves. */
export interface NamesIn<FS> {
  /** Its own, `pk`, a foreign key by its relation or its key. */
  readonly columns: 'pk' | { [K in keyof InputOf<FS> & string]: K }[keyof InputOf<FS> & string]
  /** Those of them that are written: all but a version. */
  readonly written:
    | 'pk'
    | {
        [K in keyof InputOf<FS> & string]: IsVersion<FS, K> extends true ? never : K
      }[keyof InputOf<FS> & string]
}

/** Text that a variable holds, beside names that are checked: `P` if it is not known, else nothing. */
export type AnyText<P extends string> = P & (string extends P ? P : never)

/** Whether the property `K` of a field map is a version. */
export type IsVersion<FS, K> = K extends keyof FS
  ? FS[K] extends { readonly spec: { readonly version: true } }
    ? true
    : false
  : false

/** A type no value has; its text is the compiler's message. */
export interface NotWritten<Name extends string> {
  readonly error: `the version '${Name}' counts writes by itself`
}

/** A type no value has; its text is the compiler's message. */
export interface Unknown<Name extends string> {
  readonly error: `unknown field '${Name}'`
}
