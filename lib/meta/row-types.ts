import type { ColumnField } from '../fields/column-field.ts'
import type { RelationField } from '../fields/relation-field.ts'

/** The second argument of `Model(table, fields)`: properties to fields. */
export type FieldMap = { readonly [property: string]: ColumnField | RelationField }

/** Carries a model's field map on the type of its instances. */
export declare const modelFields: unique symbol

/** Carries the model at the far end on the types of related managers. */
export declare const relatedModel: unique symbol

/** Carries annotations on the scope of a queryset. */
export declare const annotated: unique symbol

/** What every instance type has for the compiler: its field map. */
export interface HasFields<FS = FieldMap> {
  readonly [modelFields]: FS
}

/** A property that stands for many related instances, or for the one on the far side. */
export interface HasRelated<M, Many extends boolean> {
  readonly [relatedModel]: { readonly model: M; readonly many: Many }
}

/** A relation as it is read: the instance once it is loaded, else a promise-like that loads it. */
export type Awaitable<T> = T | PromiseLike<T>

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

/** The field map of an instance type. */
export type FieldsOf<M> = M extends { readonly [modelFields]: infer FS } ? FS : never

/** A column's value on an instance, with null where the column may be NULL. */
export type ColumnValue<F> = F extends {
  readonly kind: 'column'
  readonly spec: { readonly value: infer T; readonly null: infer N }
}
  ? OrNull<T, N>
  : never

/** `T`, or null as well where `N` is true. */
export type OrNull<T, N> = N extends true ? T | null : T

/** The column that identifies an instance: its field, or that of the row it extends. */
export type PrimaryField<FS> = FS[PrimaryName<FS>] extends infer F
  ? F extends { readonly kind: 'column' }
    ? F
    : KeyField<F>
  : never

/** The value of `pk`. */
export type PkOf<M> = ColumnValue<PrimaryField<FieldsOf<M>>>

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

type Keys<FS> = {
  -readonly [K in keyof FS as FS[K] extends { readonly kind: 'foreignKey' | 'oneToOne' }
    ? `${K & string}Id`
    : never]: FS[K] extends { readonly spec: { readonly null: infer N } }
    ? OrNull<KeyValue<FS[K]>, N>
    : never
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

type Optional<FS> = {
  [K in ColumnNames<FS> | KeyNames<FS>]: FS[K] extends {
    readonly spec: { readonly optional: true }
  }
    ? K
    : never
}[ColumnNames<FS> | KeyNames<FS>]

type RequiredColumns<FS> = Exclude<ColumnNames<FS>, Optional<FS>>
type RequiredKeys<FS> = Exclude<KeyNames<FS>, Optional<FS>>

/** What may be written to a foreign key: an instance, or its key. */
export type KeyInput<F> = F extends {
  readonly spec: { readonly target: infer M; readonly null: infer N }
}
  ? OrNull<M | KeyValue<F>, N>
  : never

/** Every property that `create`, `update` and `new` take, none of them required. */
export type WriteInput<FS> = {
  [K in ColumnNames<FS>]?: ColumnValue<FS[K]>
} & {
  [K in KeyNames<FS>]?: KeyInput<FS[K]>
} & {
  [K in KeyNames<FS> as `${K}Id`]?: FS[K] extends { readonly spec: { readonly null: infer N } }
    ? OrNull<KeyValue<FS[K]>, N>
    : never
}

/** What `create()` takes: every required column, and each required key in one of its two forms. */
export type CreateInput<FS> = Simplify<
  { [K in RequiredColumns<FS>]: ColumnValue<FS[K]> } & WriteInput<FS>
>

/**
 * What is wrong with the input `C` of `create()`: a required key that is missing, or a name that
 * is unknown. Nothing wrong gives a type that `C` is assignable to.
 */
export type CheckCreate<FS, C> = {
  [K in RequiredKeys<FS> as K extends keyof C
    ? never
    : `${K}Id` extends keyof C
      ? never
      : K]: KeyInput<FS[K]>
} & CheckKnown<WriteInput<FS>, C>

/** Refuses the properties of `C` that `Known` does not have, by name. */
export type CheckKnown<Known, C> = {
  [K in Exclude<keyof C, keyof Known>]: Unknown<K & string>
}

/** A type no value has; its text is the compiler's message. */
export interface Unknown<Name extends string> {
  readonly error: `unknown field '${Name}'`
}
