import type { z } from 'zod'
import type { RangeInput } from '../fields/range-value.ts'
import type { KeyField, PlainRow } from './row-types.ts'

/** The values that the schemas take where they are not what they give: what JSON can carry. */
interface JsonForms {
  readonly bigint: bigint | number | string
  readonly decimal: string | number | bigint
  readonly dateTime: Date | string
  readonly binary: Uint8Array | string
}

/** The field behind the property `K` of a plain row: a column, or the key of a relation. */
type FieldAt<FS, K> = K extends keyof FS
  ? FS[K]
  : K extends `${infer R}Id`
    ? R extends keyof FS
      ? FS[R]
      : never
    : never

/** The column that holds the values of a field. */
type ColumnAt<F> = F extends { readonly kind: 'column' } ? F : KeyField<F>

type Given<F, Value> =
  ColumnAt<F> extends { readonly spec: infer S } ? GivenTo<S> | Extract<Value, null> : Value

type GivenTo<S> = S extends { readonly family: infer A; readonly value: infer V }
  ? A extends keyof JsonForms
    ? JsonForms[A]
    : S extends { readonly item: infer I extends { readonly null: unknown } }
      ? readonly (GivenTo<I> | (I['null'] extends true ? null : never))[]
      : S extends { readonly bound: infer B }
        ? RangeInput<GivenTo<B>>
        : V
  : never

/** The zod type of each property of a plain row, keys of relations under their `…Id`. */
export type RowShape<FS> = {
  [K in keyof PlainRow<FS>]: z.ZodType<PlainRow<FS>[K], Given<FieldAt<FS, K>, PlainRow<FS>[K]>>
}

/** `K`, unless its field has any of `Marks`. */
type Without<FS, K, Marks> = FieldAt<FS, K> extends { readonly spec: Marks } ? never : K

/** The same without a version; those that have a default, or may be NULL, may be left out. */
export type CreateShape<FS> = {
  [K in keyof RowShape<FS> as Without<FS, K, Version>]: FieldAt<FS, K> extends {
    readonly spec: { readonly optional: true }
  }
    ? z.ZodOptional<RowShape<FS>[K]>
    : RowShape<FS>[K]
}

/** The same without the primary key and a version; all may be left out, none may be undefined. */
export type UpdateShape<FS> = {
  [K in keyof RowShape<FS> as Without<FS, K, Version | Primary>]: z.ZodExactOptional<
    RowShape<FS>[K]
  >
}

interface Version {
  readonly version: true
}

interface Primary {
  readonly primary: true
}

/** A zod object that refuses keys it does not know. */
export type StrictSchema<Shape extends z.core.$ZodShape> = z.ZodObject<Shape, z.core.$strict>
