/** Errors that are provoked with a value in them, and where that value turns up. */
import { inspect } from 'node:util'
import {
  AsyncManager,
  atomic,
  Cast,
  Concat,
  DatabaseError,
  F,
  fields,
  Model,
  OrmError,
  Q,
  RawSQL,
  Value,
} from '../../lib/index.ts'
import { Author, Book, Ghost, Tag } from '../behaviour/support/library.ts'
import { Sample } from '../behaviour/support/samples.ts'

class Keeper extends Model('authors', { name: fields.text() }) {
  static objects = new AsyncManager(Keeper)
}

export class Kept extends Model('books', {
  title: fields.text(),
  author: fields.foreignKey(Keeper, { onDelete: 'protect', relatedName: 'kept' }),
}) {
  static objects = new AsyncManager(Kept)
}

/** Its column is not there. */
class Wrong extends Model('tags', { name: fields.text(), colour: fields.text() }) {
  static objects = new AsyncManager(Wrong)
}

/** What must not turn up anywhere. */
export interface Marker {
  readonly text: string
  readonly number: number
  readonly bytes: Uint8Array
}

const LETTERS = 'bcdfghjklmnpqrstvwxz'

/** A marker that no name of the library, and no path, has. */
export function markerOf(random: (below: number) => number): Marker {
  const letters = Array.from({ length: 12 }, () => LETTERS[random(LETTERS.length)]).join('')
  return {
    text: letters,
    number: 1_000_000_000 + random(1_000_000_000),
    bytes: Buffer.from(letters),
  }
}

const MIN_SHOWN = 8

/** How the marker may look once it went through a driver and a database. */
function formsOf({ text, number, bytes }: Marker): string[] {
  const buffer = Buffer.from(bytes)
  const forms = [text.slice(0, MIN_SHOWN), text.slice(-MIN_SHOWN), String(number)]
  const written = [buffer.toString('hex'), buffer.toString('base64'), [...bytes].join(', ')]
  return [...forms, ...written, text.toUpperCase().slice(0, MIN_SHOWN)]
}

interface Provocation {
  readonly what: string
  /** The database or its driver said so, and that is in `cause`. */
  readonly isDriven?: boolean
  readonly on?: 'postgresql'
  run(marker: Marker): unknown
}

const loose = (given: unknown): never => given as never

/** Found by the library before anything is sent. */
const early: readonly Provocation[] = [
  { what: 'a text for a number', run: ({ text }) => Book.objects.filter({ pages: loose(text) }) },
  {
    what: 'an object for a text',
    run: (m) => Author.objects.filter({ name: loose({ a: m.text }) }),
  },
  {
    what: 'a number for a text',
    run: ({ number }) => Author.objects.filter({ name: loose(number) }),
  },
  { what: 'half of a pair', run: ({ text }) => Author.objects.filter({ name: `${text}\ud800` }) },
  { what: 'a NUL', run: ({ text }) => Author.objects.create({ name: `${text}\0` }) },
  { what: 'no choice', run: ({ text }) => Book.objects.update({ status: loose(text) }) },
  { what: 'no email', run: ({ text }) => Author.objects.create({ name: 'a', email: text }) },
  { what: 'too long', run: ({ text }) => Tag.objects.create({ name: text.repeat(50) }) },
  { what: 'no date', run: ({ text }) => Author.objects.update({ bornOn: text }) },
  { what: 'no decimal', run: ({ text }) => Book.objects.update({ price: text }) },
  { what: 'too many digits', run: (m) => Book.objects.update({ price: `${m.number}.999` }) },
  { what: 'no uuid', run: ({ text }) => Sample.objects.filter({ uuid: text }) },
  { what: 'no url', run: ({ text }) => Sample.objects.create({ url: text }) },
  { what: 'no slug', run: ({ text }) => Sample.objects.create({ slug: `${text}!` }) },
  { what: 'no time', run: ({ text }) => Sample.objects.create({ time: text }) },
  { what: 'out of range', run: ({ number }) => Sample.objects.create({ smallInteger: number }) },
  { what: 'bytes for a text', run: (m) => Sample.objects.create({ text: loose(m.bytes) }) },
  { what: 'several rows', run: (m) => Author.objects.get(Q.not({ name: m.text })) },
  { what: 'no row', run: ({ text }) => Author.objects.get({ name: text }) },
  { what: 'a list of many', run: (m) => Book.objects.filter({ pages__in: loose([1, m.text]) }) },
  {
    what: 'a bulk row',
    run: (m) => Tag.objects.bulkCreate([{ name: 'ok' }, { name: loose(m.number) }]),
  },
  { what: 'a slice', run: ({ text }) => Author.objects.all().slice(loose(text)) },
  { what: 'a zone', run: ({ text }) => Book.objects.dates('publishedAt', loose(text)) },
]

/** Found by the database. */
const late: readonly Provocation[] = [
  {
    what: 'a duplicate',
    isDriven: true,
    run: ({ text }) => Tag.objects.bulkCreate([{ name: text }, { name: text }]),
  },
  {
    what: 'a duplicate of an update',
    isDriven: true,
    run: async ({ text }) => {
      await Tag.objects.create({ name: `${text} 1` })
      await Tag.objects.create({ name: `${text} 2` })
      await Tag.objects.filter({ name__startswith: text }).update({ name: text })
    },
  },
  {
    what: 'a key that is not there',
    isDriven: true,
    run: (m) =>
      Book.objects.create({ title: m.text, publishedAt: new Date(0), authorId: m.number } as never),
  },
  { what: 'no table', isDriven: true, run: ({ text }) => Ghost.objects.filter({ name: text }) },
  {
    what: 'no table to write',
    isDriven: true,
    run: ({ text }) => Ghost.objects.create({ name: text }),
  },
  { what: 'no column', isDriven: true, run: ({ text }) => Wrong.objects.filter({ colour: text }) },
  {
    what: 'raw SQL that is wrong',
    isDriven: true,
    run: (m) => Tag.objects.raw('select id from tags where nothing = ?', [m.text]),
  },
  {
    what: 'a swallowed failure',
    run: ({ text }) =>
      atomic(async () => {
        await Ghost.objects.create({ name: text }).catch(() => undefined)
        await Tag.objects.create({ name: text })
      }),
  },
  {
    what: 'a start that failed',
    isDriven: true,
    run: ({ text }) => Ghost.objects.filter({ name: text }).startFetch(),
  },
  {
    what: 'rows that are protected',
    run: async ({ text }) => {
      const keeper = await Keeper.objects.create({ name: text })
      await atomic(async () => {
        await Book.objects.create({
          title: text,
          publishedAt: new Date(0),
          authorId: keeper.id,
        } as never)
        await keeper.delete()
      })
    },
  },
  {
    what: 'a signal',
    run: ({ text }) => Author.objects.filter({ name: text }).signal(AbortSignal.abort()),
  },
]

const PG: readonly Omit<Provocation, 'isDriven' | 'on'>[] = [
  {
    what: 'a cast to a number',
    run: ({ text }) =>
      Author.objects.annotate({ n: Cast(Concat('name', Value(text)), fields.integer()) }),
  },
  {
    what: 'a cast to a date',
    run: ({ text }) =>
      Author.objects.annotate({ n: Cast(Concat(Value(text), 'name'), fields.date()) }),
  },
  {
    what: 'a cast of JSON',
    run: (m) => Book.objects.annotate({ n: Cast(Value(`{"${m.text}":`), fields.json()) }),
  },
  {
    what: 'too long for its column',
    run: ({ text }) =>
      Tag.objects.create({ name: loose(Concat(Value(text.repeat(9)), Value('x'))) }),
  },
  { what: 'a pattern', run: ({ text }) => Author.objects.filter({ name__regex: `${text}(` }) },
  {
    what: 'no number at all',
    run: (m) =>
      Author.objects.annotate({
        n: F('id')
          .add(m.number)
          .div(F('id').sub(F('id'))),
      }),
  },
  {
    what: 'out of the range of a column',
    run: ({ number }) => Book.objects.update({ pages: F('pages').add(number).mul(number) }),
  },
  {
    what: 'a function in the server',
    run: (m) =>
      Tag.objects.raw("select id, to_date(?::text, 'YYYY') as x from (select 1 as id) t", [m.text]),
  },
  {
    what: 'a connection that dies',
    run: ({ text }) =>
      Author.objects.raw(
        'select id, name from authors where name <> ? and pg_terminate_backend(pg_backend_pid())',
        [text],
      ),
  },
  {
    what: 'SQL of a developer',
    run: ({ text }) =>
      Author.objects.annotate({ x: RawSQL('cast(? as integer)', [text], fields.integer()) }),
  },
]

export const provocations: readonly Provocation[] = [
  ...early,
  ...late,
  ...PG.map((each) => ({
    ...each,
    isDriven: each.what !== 'a pattern',
    on: 'postgresql' as const,
  })),
]

const LONGEST = 2000

/** Everything that is told of an error when it is logged, and of what caused it. */
function toldOf(error: unknown): string {
  const parts: string[] = []
  for (let at = error; at instanceof Error; at = at.cause) {
    parts.push(at.message, at.stack ?? '', String(at), JSON.stringify(at))
  }
  return [...parts, inspect(error, { depth: 12 })].join('\n')
}

/** What is wrong with the error of a provocation; empty when all is well, null when there was none. */
export async function leakOf(provocation: Provocation, marker: Marker): Promise<string[] | null> {
  let error: unknown
  try {
    await provocation.run(marker)
    return null
  } catch (thrown) {
    error = thrown
  }
  const wrong: string[] = []
  const told = toldOf(error)
  for (const form of formsOf(marker)) {
    if (told.includes(form)) wrong.push(`${form} is in ${inspect(error).slice(0, 1500)}`)
  }
  if (!(error instanceof OrmError) && !(error instanceof RangeError)) wrong.push(String(error))
  const { message, cause } = error as Error
  if (message.length > LONGEST) wrong.push(`a message of ${message.length} characters`)
  const isDriven = provocation.isDriven && error instanceof DatabaseError
  if (isDriven && !(cause instanceof Error)) wrong.push(`no cause: ${String(error)}`)
  if (provocation.isDriven && !isDriven) wrong.push(`no error of the database: ${String(error)}`)
  return wrong
}
