/** Objects as `JSON.parse` makes them of what an attacker sends, handed to everything that takes one. */
import { isDeepStrictEqual } from 'node:util'
import { OrmError, Q, safeFilter } from '../../lib/index.ts'
import { Author, Book } from '../behaviour/support/library.ts'
import { Sample } from '../behaviour/support/samples.ts'
import { randomOf } from './support/random.ts'

const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'a',
  '0',
  'data',
  'name',
] as const
const MOST_LEVELS = 4

/** A text of JSON with a way to a prototype in it, by chance. */
export function payloadOf(seed: number): string {
  const random = randomOf(seed)
  const key = () => JSON.stringify(KEYS[random(KEYS.length)])
  let text = '{"polluted":"yes","isAdmin":true}'
  for (let level = 1 + random(MOST_LEVELS); level > 0; level -= 1) {
    const other = random(2) === 0 ? '' : `,${key()}:1`
    text = `{${key()}:${random(4) === 0 ? `[${text}]` : text}${other}}`
  }
  return `{"${random(2) === 0 ? '__proto__' : 'constructor'}":${text}}`
}

type Entry = (payload: never) => unknown

/** Each is to refuse it, or to keep it as plain data. */
export const entries: Readonly<Record<string, Entry>> = {
  filter: (payload) => Author.objects.filter(payload),
  exclude: (payload) => Author.objects.exclude(payload),
  'filter by Q': (payload) =>
    Author.objects.filter((Q as unknown as (given: never) => never)(payload)),
  'filter by a value': (payload) => Author.objects.filter({ name: payload }),
  'filter by JSON': (payload) => Book.objects.filter({ data: payload }),
  'filter by JSON that contains': (payload) => Book.objects.filter({ data__a: payload }),
  annotate: (payload) => Author.objects.annotate(payload),
  alias: (payload) => Author.objects.alias(payload),
  aggregate: (payload) => Author.objects.aggregate(payload),
  orderBy: (payload) => Author.objects.orderBy(payload),
  values: (payload) => Author.objects.values(payload),
  create: (payload) => Author.objects.create(payload),
  'new': (payload) => new Author(payload),
  bulkCreate: (payload) => Author.objects.bulkCreate([payload]),
  update: (payload) => Author.objects.update(payload),
  getOrCreate: (payload) => Author.objects.getOrCreate(payload, payload),
  updateOrCreate: (payload) => Author.objects.updateOrCreate({ name: 'x' }, payload),
  defaults: (payload) => Author.objects.getOrCreate({ name: 'x' }, { defaults: payload }),
  options: (payload) => Author.objects.bulkCreate([], payload),
  safeFilter: (payload) => Author.objects.filter(safeFilter(Author, payload, { allow: ['name'] })),
  'what is allowed': (payload) => safeFilter(Author, { name: 'x' }, payload),
  'a column of JSON': async (payload) => {
    const { id } = await Sample.objects.create({ json: payload })
    const { json } = await Sample.objects.get({ id })
    if (!isDeepStrictEqual(json, payload)) throw new Error(`JSON changed: ${JSON.stringify(json)}`)
    await Sample.objects.filter({ id }).delete()
  },
}

const GUARDED = [Object.prototype, Array.prototype, Function.prototype] as const

function snapshot(): unknown {
  return GUARDED.map((prototype) => Object.getOwnPropertyDescriptors(prototype))
}

/** What a payload changed, or met that it must not; empty when all is well. */
export async function harmOf(text: string): Promise<string[]> {
  const before = snapshot()
  const wrong: string[] = []
  for (const [name, enter] of Object.entries(entries)) {
    try {
      await enter(JSON.parse(text) as never)
    } catch (error) {
      if (!(error instanceof OrmError)) wrong.push(`${name}: ${String(error)}`)
    }
    const isPolluted = 'polluted' in {} || 'isAdmin' in {} || 'polluted' in []
    if (isPolluted || !isDeepStrictEqual(snapshot(), before)) wrong.push(`${name}: a prototype`)
  }
  return wrong
}
