/** Types of field declarations: compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { z } from 'zod'
import type { ColumnSpec, ColumnValue } from '../../lib/fields/column.ts'
import type { AnyColumn, ColumnField } from '../../lib/fields/column-field.ts'
import { fields } from '../../lib/fields/fields.ts'
import type { JsonValue } from '../../lib/fields/json.ts'
import type { AnyRelation, RelationField } from '../../lib/fields/relation-field.ts'

type SpecIn<C> = C extends ColumnField<infer S> ? S : C extends RelationField<infer S> ? S : never
interface Is<T, F, N extends boolean, O extends boolean, P extends boolean = false> {
  readonly value: T
  readonly null: N
  readonly optional: O
  readonly family: F
  readonly primary: P
}

function column<S extends ColumnSpec>(field: ColumnField<S>): S {
  return field.spec
}

// Flags are literal, whatever is said and left out.
expectTypeOf(column(fields.char({ maxLength: 5 }))).toEqualTypeOf<
  Is<string, 'text', false, false>
>()
expectTypeOf(column(fields.char({ maxLength: 5, null: true }))).toEqualTypeOf<
  Is<string, 'text', true, true>
>()
expectTypeOf(column(fields.char({ maxLength: 5, default: '' }))).toEqualTypeOf<
  Is<string, 'text', false, true>
>()
expectTypeOf(column(fields.char({ maxLength: 5, primaryKey: true }))).toEqualTypeOf<
  Is<string, 'text', false, false, true>
>()
expectTypeOf(column(fields.text())).toEqualTypeOf<Is<string, 'text', false, false>>()
expectTypeOf(column(fields.text({ null: false }))).toEqualTypeOf<Is<string, 'text', false, false>>()
expectTypeOf(column(fields.email({ unique: true }))).toEqualTypeOf<
  Is<string, 'text', false, false>
>()
expectTypeOf(column(fields.auto())).toEqualTypeOf<Is<number, 'number', false, true, true>>()
expectTypeOf(column(fields.bigAuto())).toEqualTypeOf<Is<bigint, 'bigint', false, true, true>>()
expectTypeOf(column(fields.uuid({ primaryKey: true }))).toEqualTypeOf<
  Is<string, 'uuid', false, false, true>
>()
expectTypeOf(
  column(fields.uuid({ primaryKey: true, default: () => crypto.randomUUID() })),
).toEqualTypeOf<Is<string, 'uuid', false, true, true>>()
expectTypeOf(column(fields.integer({ default: 0 }))).toEqualTypeOf<
  Is<number, 'number', false, true>
>()
expectTypeOf(column(fields.bigInteger())).toEqualTypeOf<Is<bigint, 'bigint', false, false>>()
expectTypeOf(column(fields.decimal({ maxDigits: 8, decimalPlaces: 2 }))).toEqualTypeOf<
  Is<string, 'decimal', false, false>
>()
expectTypeOf(column(fields.date({ autoNow: true }))).toEqualTypeOf<
  Is<string, 'date', false, true>
>()
expectTypeOf(column(fields.dateTime())).toEqualTypeOf<Is<Date, 'dateTime', false, false>>()
expectTypeOf(column(fields.dateTime({ autoNowAdd: true }))).toEqualTypeOf<
  Is<Date, 'dateTime', false, true>
>()
expectTypeOf(column(fields.dateTime({ default: () => new Date() }))).toEqualTypeOf<
  Is<Date, 'dateTime', false, true>
>()
expectTypeOf(column(fields.duration())).toEqualTypeOf<Is<number, 'duration', false, false>>()
expectTypeOf(column(fields.boolean({ default: false }))).toEqualTypeOf<
  Is<boolean, 'boolean', false, true>
>()
expectTypeOf(column(fields.binary())).toEqualTypeOf<Is<Uint8Array, 'binary', false, false>>()

// Choices and schemas type the value.
expectTypeOf(column(fields.choice({ choices: ['a', 'b'], default: 'a' }))).toEqualTypeOf<
  Is<'a' | 'b', 'text', false, true>
>()
expectTypeOf(column(fields.json())).toEqualTypeOf<Is<JsonValue, 'json', false, false>>()
expectTypeOf(column(fields.json({ null: true }))).toEqualTypeOf<Is<JsonValue, 'json', true, true>>()
const owned = fields.json({ schema: z.object({ owner: z.string() }) })
expectTypeOf(column(owned)).toEqualTypeOf<Is<{ owner: string }, 'json', false, false>>()
expectTypeOf<ColumnValue<SpecIn<typeof owned>>>().toEqualTypeOf<{ owner: string }>()
expectTypeOf(fields.dateTime({ null: true }).schema).toExtend<z.ZodType<Date | null>>()
expectTypeOf(fields.dateTime({ null: true }).base).toEqualTypeOf<z.ZodType<Date>>()
expectTypeOf(fields.integer({ null: true }).makeDefault()).toEqualTypeOf<
  number | null | undefined
>()

// A contextual type must not decide what the options leave out.
type FieldMap = Record<string, AnyColumn | AnyRelation>
function model<const FS extends FieldMap>(map: FS): FS {
  return map
}
class Author {
  declare readonly name: string
}
const book = model({
  title: fields.char({ maxLength: 200 }),
  pages: fields.integer({ default: 0 }),
  status: fields.choice({ choices: ['draft', 'live'] }),
  data: fields.json(),
  author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' }),
  mentor: fields.foreignKey<Author>('self', { onDelete: 'setNull', null: true }),
  tags: fields.manyToMany(Author),
})
expectTypeOf<SpecIn<typeof book.title>>().toEqualTypeOf<Is<string, 'text', false, false>>()
expectTypeOf<SpecIn<typeof book.pages>>().toEqualTypeOf<Is<number, 'number', false, true>>()
expectTypeOf<SpecIn<typeof book.status>>().toEqualTypeOf<
  Is<'draft' | 'live', 'text', false, false>
>()
expectTypeOf<SpecIn<typeof book.data>>().toEqualTypeOf<Is<JsonValue, 'json', false, false>>()

// Relations.
interface Relates<K, M, N extends boolean, O extends boolean, TF = 'pk', P = false> {
  readonly kind: K
  readonly target: M
  readonly toField: TF
  readonly null: N
  readonly optional: O
  readonly primary: P
}
expectTypeOf<SpecIn<typeof book.author>>().toEqualTypeOf<
  Relates<'foreignKey', Author, false, false>
>()
expectTypeOf<SpecIn<typeof book.mentor>>().toEqualTypeOf<
  Relates<'foreignKey', Author, true, true>
>()
expectTypeOf<SpecIn<typeof book.tags>>().toEqualTypeOf<Relates<'manyToMany', Author, false, true>>()
const byCode = fields.foreignKey(Author, { onDelete: 'cascade', toField: 'name' })
expectTypeOf<SpecIn<typeof byCode>>().toEqualTypeOf<
  Relates<'foreignKey', Author, false, false, 'name'>
>()
const named = fields.oneToOne<Author, 'name'>('Author', {
  onDelete: 'setDefault',
  toField: 'name',
  default: 'x',
})
expectTypeOf<SpecIn<typeof named>>().toEqualTypeOf<
  Relates<'oneToOne', Author, false, true, 'name'>
>()

const extending = fields.oneToOne(Author, { onDelete: 'cascade', primaryKey: true })
expectTypeOf<SpecIn<typeof extending>>().toEqualTypeOf<
  Relates<'oneToOne', Author, false, false, 'pk', true>
>()
const extendingLater = fields.oneToOne<Author, 'pk', true>('Author', {
  onDelete: 'cascade',
  primaryKey: true,
})
expectTypeOf<SpecIn<typeof extendingLater>>().toEqualTypeOf<
  Relates<'oneToOne', Author, false, false, 'pk', true>
>()
// @ts-expect-error said of the type, too, where the class is named
fields.oneToOne<Author>('Author', { onDelete: 'cascade', primaryKey: true })
// @ts-expect-error a primary key is never NULL
fields.oneToOne(Author, { onDelete: 'setNull', null: true, primaryKey: true })

// @ts-expect-error maxLength is required
fields.char({})
// @ts-expect-error an unknown option
fields.char({ maxLength: 5, nul: true })
// @ts-expect-error a default of another type
fields.integer({ default: '0' })
// @ts-expect-error a default that is no choice
fields.choice({ choices: ['a', 'b'], default: 'c' })
// @ts-expect-error choices of another type
fields.integer({ choices: ['a'] })
// @ts-expect-error a schema of another type
fields.integer({ validate: z.string() })
// @ts-expect-error a storage that does not exist
fields.dateTime({ storage: 'iso' })
// @ts-expect-error onDelete is required
fields.foreignKey(Author, {})
// @ts-expect-error setNull needs null: true
fields.foreignKey(Author, { onDelete: 'setNull' })
// @ts-expect-error setDefault needs a default
fields.foreignKey(Author, { onDelete: 'setDefault' })
// @ts-expect-error an instance is no model
fields.foreignKey(new Author(), { onDelete: 'cascade' })
// @ts-expect-error a default of another type than the schema's
fields.json({ schema: z.object({ owner: z.string() }), default: { owner: 1 } })
