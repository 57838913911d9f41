/** Types of keys of one's own, of keys that refer to other fields, and of JSON. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import type { JsonValue } from '../../lib/index.ts'
import { Book, Capital, City, Country, Log } from './models.ts'

declare const country: Country
declare const city: City

// ---------- a key of one's own

Country.objects.filter({ pk: 'DE', pk__in: ['DE'], code__startswith: 'D' })
City.objects.filter({ country: 'DE', countryId: 'DE', country__in: [country, 'DE'] })
City.objects.filter({ country__code: 'DE', country__pk__gt: 'DE', countryId__startswith: 'D' })
expectTypeOf(await City.objects.values('country', 'countryId', 'country__pk')).toEqualTypeOf<
  { country: string; countryId: string; country__pk: string }[]
>()
expectTypeOf(await Log.objects.values('pk', 'id')).toEqualTypeOf<{ pk: bigint; id: bigint }[]>()
// @ts-expect-error it is text
Country.objects.filter({ pk: 3 })
// @ts-expect-error there is no id
Country.objects.filter({ id: 3 })
// @ts-expect-error nor is there for others
City.objects.filter({ country__id: 3 })
// @ts-expect-error its key is text
City.objects.filter({ country: 3 })
// @ts-expect-error so is its column
City.objects.filter({ countryId__in: [3] })
// @ts-expect-error this one is a bigint
Log.objects.filter({ pk: 3 })

// ---------- a key that refers to another field

City.objects.filter({ formerly: 'Prussia', formerlyId__icontains: 'uss', formerly__in: [country] })
expectTypeOf(await City.objects.values('formerly', 'formerlyId', 'formerly__code')).toEqualTypeOf<
  { formerly: string | null; formerlyId: string | null; formerly__code: string | null }[]
>()
// @ts-expect-error it is text
City.objects.filter({ formerly: 3 })

// ---------- a key that is a relation

Capital.objects.filter({ pk: 3, city, cityId__in: [3], pk__gt: 3, city__country: 'DE' })
expectTypeOf(await Capital.objects.values('pk', 'city', 'cityId')).toEqualTypeOf<
  { pk: number; city: number; cityId: number }[]
>()
expectTypeOf(await Capital.objects.inBulk([3])).toEqualTypeOf<Map<number, Capital>>()
// @ts-expect-error there is no id
Capital.objects.filter({ id: 3 })
// @ts-expect-error the key it extends is a number
Capital.objects.filter({ pk: 'x' })

// ---------- JSON

Book.objects.filter({ data: { owner: 'x', marks: [1, 2] }, data__isnull: false, data__owner: 'x' })
Book.objects.filter({ data__marks__0: 1, data__contains: { owner: 'x' }, data__hasKey: 'owner' })
Book.objects.filter({ data__hasAnyKeys: ['owner'], extra: [1, { a: null }], extra__a__b__gt: 3 })
Book.objects.filter({ extra: null, extra__in: [1, 'x', null], data: null })
const frozen = { owner: 'x', marks: [1, 2] } as const
Book.objects.filter({ data: frozen, extra: frozen })
await Book.objects.filter({ id: 3 }).update({ data: frozen, extra: frozen })
expectTypeOf(await Book.objects.valuesList('data', 'extra', 'extra__a')).toEqualTypeOf<
  [{ owner: string; marks: number[] } | null, JsonValue, unknown][]
>()
// @ts-expect-error not of the schema
Book.objects.filter({ data: { owner: 3, marks: [] } })
// @ts-expect-error a key is missing
Book.objects.filter({ data: { owner: 'x' } })
// @ts-expect-error a key is text
Book.objects.filter({ data__hasKey: 3 })
// @ts-expect-error isnull takes a boolean
Book.objects.filter({ data__isnull: 'x' })
// @ts-expect-error no JSON
Book.objects.filter({ extra: new Date() })
// @ts-expect-error not of the schema
await Book.objects.update({ data: { owner: 'x', marks: ['1'] } })
// @ts-expect-error a bigint is no JSON
await Book.objects.update({ extra: { a: 1n } })
