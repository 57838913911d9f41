/** The calls that take a name or a value; shared by `spec/security` and `npm run test:soak`. */
import {
  Avg,
  Cast,
  Collate,
  Count,
  Exists,
  Extract,
  F,
  FilteredRelation,
  KT,
  Lag,
  Ntile,
  OrmError,
  OuterRef,
  Prefetch,
  Q,
  Round,
  RowRange,
  StringAgg,
  Substr,
  Trunc,
  Window,
} from '../../../lib/index.ts'
import { Author, Book } from '../../behaviour/support/library.ts'

/** One call that is handed something hostile; `row` is the row of the table of attacks. */
export interface Attack<T = string> {
  readonly row: string
  readonly call: string
  run(hostile: T): unknown
}

type Verb =
  | 'aggregate'
  | 'alias'
  | 'annotate'
  | 'bulkCreate'
  | 'bulkUpdate'
  | 'create'
  | 'dates'
  | 'datetimes'
  | 'defer'
  | 'distinct'
  | 'earliest'
  | 'exclude'
  | 'explain'
  | 'fetchMode'
  | 'filter'
  | 'get'
  | 'getOrCreate'
  | 'inBulk'
  | 'latest'
  | 'only'
  | 'orderBy'
  | 'prefetchRelated'
  | 'selectForUpdate'
  | 'selectRelated'
  | 'slice'
  | 'startGet'
  | 'update'
  | 'updateOrCreate'
  | 'using'
  | 'values'
  | 'valuesList'

/** A manager as JavaScript sees it, where nothing stops wrong arguments. */
type Loose = { [V in Verb]: (...args: unknown[]) => Loose } & PromiseLike<unknown>

const books = Book.objects as unknown as Loose
const authors = Author.objects as unknown as Loose

/** As `JSON.parse` makes it: `__proto__` is a key like any other. */
function keyed(key: string, value: unknown): object {
  return Object.defineProperty({}, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

const loose = (call: unknown): ((...args: unknown[]) => never) => call as never

/** Calls that take a name. Each must throw an `OrmError` and send nothing. */
export const NAMES: readonly Attack[] = [
  {
    row: 'S01',
    call: 'filter({ _connector })',
    run: (x) => books.filter({ _connector: x, id: 1 }),
  },
  { row: 'S22', call: 'filter({ [x] })', run: (x) => books.filter(keyed(x, 1)) },
  { row: 'S22', call: 'exclude({ [x] })', run: (x) => books.exclude(keyed(x, 1)) },
  { row: 'S22', call: 'get({ [x] })', run: (x) => books.get(keyed(x, 1)) },
  { row: 'S22', call: 'startGet({ [x] })', run: (x) => books.startGet(keyed(x, 1)) },
  {
    row: 'S22',
    call: 'filter({ title__[x] })',
    run: (x) => books.filter(keyed(`title__${x}`, 'a')),
  },
  {
    row: 'S23',
    call: 'filter({ author__[x] })',
    run: (x) => books.filter(keyed(`author__${x}`, 1)),
  },
  {
    row: 'S09',
    call: 'filter({ publishedAt__[x] })',
    run: (x) => books.filter(keyed(`publishedAt__${x}`, 1)),
  },
  { row: 'S01', call: 'Q({ [x] })', run: (x) => books.filter(loose(Q)(keyed(x, 1))) },
  { row: 'S07', call: 'orderBy(x)', run: (x) => books.orderBy(x) },
  { row: 'S07', call: 'orderBy(-x)', run: (x) => books.orderBy(`-${x}`) },
  {
    row: 'S08',
    call: 'orderBy({ direction, nulls })',
    run: (x) => books.orderBy({ field: 'id', direction: x, nulls: x }),
  },
  {
    row: 'S08',
    call: 'F().desc({ nulls: x })',
    run: (x) => books.orderBy(loose(F('id').desc.bind(F('id')))({ nulls: x })),
  },
  { row: 'S07', call: 'distinct(x)', run: (x) => books.distinct(x) },
  { row: 'S07', call: 'latest(x)', run: (x) => books.latest(x) },
  { row: 'S07', call: 'earliest(x)', run: (x) => books.earliest(x) },
  { row: 'S07', call: 'dates(x, year)', run: (x) => authors.dates(x, 'year') },
  { row: 'S07', call: 'datetimes(x, year)', run: (x) => books.datetimes(x, 'year') },
  { row: 'S09', call: 'dates(bornOn, x)', run: (x) => authors.dates('bornOn', x) },
  { row: 'S09', call: 'datetimes(publishedAt, x)', run: (x) => books.datetimes('publishedAt', x) },
  {
    row: 'S09',
    call: 'datetimes({ order: x })',
    run: (x) => books.datetimes('publishedAt', 'year', { order: x }),
  },
  { row: 'S07', call: 'inBulk({ fieldName: x })', run: (x) => books.inBulk([1], { fieldName: x }) },
  { row: 'S17', call: 'values(x)', run: (x) => books.values(x) },
  { row: 'S17', call: 'valuesList(x)', run: (x) => books.valuesList(x) },
  { row: 'S17', call: 'only(x)', run: (x) => books.only(x) },
  { row: 'S17', call: 'defer(x)', run: (x) => books.defer(x) },
  { row: 'S26', call: 'selectRelated(x)', run: (x) => books.selectRelated(x) },
  { row: 'S26', call: 'prefetchRelated(x)', run: (x) => books.prefetchRelated(x) },
  {
    row: 'S26',
    call: 'Prefetch(x)',
    run: (x) => authors.prefetchRelated(loose(Reflect.construct)(Prefetch, [x])),
  },
  {
    row: 'S26',
    call: 'selectForUpdate({ of: [x] })',
    run: (x) => books.selectForUpdate({ of: [x] }),
  },
  { row: 'S26', call: 'using(x)', run: (x) => books.using(x).get({ id: 1 }) },
  { row: 'S26', call: 'fetchMode(x)', run: (x) => books.fetchMode(x) },
  { row: 'S26', call: 'filter({ id: F(x) })', run: (x) => books.filter({ id: F(x) }) },
  {
    row: 'S26',
    call: 'OuterRef(x)',
    run: (x) => authors.filter(loose(Exists)(books.filter({ author: OuterRef(x) }))),
  },
  { row: 'S26', call: 'aggregate(Avg(x))', run: (x) => books.aggregate({ a: Avg(x) }) },
  { row: 'S02', call: 'annotate({ [x] })', run: (x) => books.annotate(keyed(x, Count('id'))) },
  { row: 'S02', call: 'alias({ [x] })', run: (x) => books.alias(keyed(x, Count('id'))) },
  { row: 'S02', call: 'aggregate({ [x] })', run: (x) => books.aggregate(keyed(x, Count('id'))) },
  { row: 'S02', call: 'values({ [x] })', run: (x) => books.values(keyed(x, F('id'))) },
  {
    row: 'S03',
    call: 'annotate({ [x]: FilteredRelation })',
    run: (x) => authors.annotate(keyed(x, FilteredRelation('books'))),
  },
  {
    row: 'S03',
    call: 'FilteredRelation(x)',
    run: (x) => authors.annotate({ a: loose(FilteredRelation)(x) }),
  },
  {
    row: 'S03',
    call: 'FilteredRelation({ condition: [x] })',
    run: (x) =>
      authors.annotate({ a: FilteredRelation('books', { condition: loose(Q)(keyed(x, 1)) }) }),
  },
  { row: 'S10', call: 'explain({ [x] })', run: (x) => books.explain(keyed(x, true)) },
  { row: 'S10', call: 'explain({ format: x })', run: (x) => books.explain({ format: x }) },
  {
    row: 'S09',
    call: 'Trunc(publishedAt, x)',
    run: (x) => books.annotate({ a: loose(Trunc)('publishedAt', x) }),
  },
  {
    row: 'S09',
    call: 'Extract(publishedAt, x)',
    run: (x) => books.annotate({ a: loose(Extract)('publishedAt', x) }),
  },
  {
    row: 'S09',
    call: 'Trunc({ timeZone: x })',
    run: (x) => books.annotate({ a: loose(Trunc)('publishedAt', 'day', { timeZone: x }) }),
  },
  { row: 'S16', call: 'Cast(id, x)', run: (x) => books.annotate({ a: loose(Cast)('id', x) }) },
  {
    row: 'S12',
    call: 'Round(pages, x)',
    run: (x) => books.annotate({ a: loose(Round)('pages', x) }),
  },
  {
    row: 'S12',
    call: 'Substr(title, x)',
    run: (x) => books.annotate({ a: loose(Substr)('title', F(x)) }),
  },
  {
    row: 'S12',
    call: 'Lag(pages, x)',
    run: (x) =>
      books.annotate({ a: loose(Window)(loose(Lag)('pages', { offset: x }), { orderBy: 'id' }) }),
  },
  {
    row: 'S12',
    call: 'Ntile(x)',
    run: (x) => books.annotate({ a: loose(Window)(loose(Ntile)(x), { orderBy: 'id' }) }),
  },
  {
    row: 'S12',
    call: 'RowRange(x)',
    run: (x) =>
      books.annotate({
        a: loose(Window)(Avg('pages'), { orderBy: 'id', frame: loose(RowRange)(x, 0) }),
      }),
  },
  {
    row: 'S26',
    call: 'Collate(title, x)',
    run: (x) => books.annotate({ a: Collate('title', `x"${x}`) }),
  },
  { row: 'S61', call: 'create({ [x] })', run: (x) => books.create(keyed(x, 1)) },
  { row: 'S61', call: 'new Book({ [x] })', run: (x) => new Book(keyed(x, 1) as never) },
  { row: 'S61', call: 'update({ [x] })', run: (x) => books.update(keyed(x, 1)) },
  {
    row: 'S61',
    call: 'getOrCreate({ defaults: [x] })',
    run: (x) => books.getOrCreate({ title: 'Emma' }, { defaults: keyed(x, 1) }),
  },
  { row: 'S26', call: 'bulkUpdate(o, [x])', run: (x) => books.bulkUpdate([], [x]) },
  {
    row: 'S26',
    call: 'bulkCreate({ updateFields: [x] })',
    run: (x) =>
      books.bulkCreate([], { updateConflicts: true, uniqueFields: ['id'], updateFields: [x] }),
  },
  { row: 'S34', call: 'slice(0, x)', run: (x) => books.slice(0, x) },
]

/** Calls where the text is a value: their SQL must be the same whatever it is. */
export const VALUES: readonly Attack[] = [
  { row: 'S46', call: 'filter({ title: x })', run: (x) => books.filter({ title: x }) },
  {
    row: 'S43',
    call: 'filter({ title__contains: x })',
    run: (x) => books.filter({ title__contains: x }),
  },
  {
    row: 'S43',
    call: 'filter({ title__istartswith: x })',
    run: (x) => books.filter({ title__istartswith: x }),
  },
  {
    row: 'S46',
    call: 'filter({ title__in: [x] })',
    run: (x) => books.filter({ title__in: [x, 'a'] }),
  },
  {
    row: 'S46',
    call: 'filter({ title__range: [x] })',
    run: (x) => books.filter({ title__range: ['', x] }),
  },
  {
    row: 'S13',
    call: 'filter({ data__hasKey: x })',
    run: (x) => books.filter({ data__hasKey: x }),
  },
  {
    row: 'S13',
    call: 'filter({ data__hasAnyKeys: [x] })',
    run: (x) => books.filter({ data__hasAnyKeys: [x, 'a'] }),
  },
  { row: 'S13', call: 'filter({ data__a: x })', run: (x) => books.filter({ data__a: x }) },
  { row: 'S15', call: 'filter({ data__[x] })', run: (x) => books.filter(keyed(`data__${x}`, 'a')) },
  { row: 'S14', call: 'orderBy(data__[x])', run: (x) => books.orderBy(`data__${x}`) },
  { row: 'S06', call: 'valuesList(data__[x])', run: (x) => books.valuesList(`data__${x}`) },
  { row: 'S13', call: 'KT(data__[x])', run: (x) => books.annotate({ a: KT(`data__${x}`) }) },
  {
    row: 'S11',
    call: 'StringAgg(books__title, x)',
    run: (x) => authors.annotate({ a: StringAgg('books__title', x) }),
  },
  {
    row: 'S46',
    call: 'filter({ author__name__iexact: x })',
    run: (x) => books.filter({ author__name__iexact: x }),
  },
]

/** Texts that a call takes for what they are: a random order, an alias. */
const MEANT: Readonly<Record<string, RegExp>> = {
  S02: /^_$/,
  'S03 annotate({ [x]: FilteredRelation })': /^_$/,
  'S07 orderBy(x)': /^\?$/,
}

/** What a log must not be handed: new lines, codes of terminals, texts without end. */
function saidBadly(message: string): string {
  if (message.length > 2000) return `had a message of ${message.length} characters`
  return /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(message) ? 'had a message with controls' : ''
}

/** What is wrong with how a name was met; undefined when it was refused as it must be. */
export async function metBadly(
  attack: Attack,
  hostile: string,
  sent: () => number,
): Promise<string | undefined> {
  const { row, call } = attack
  if ((MEANT[row] ?? MEANT[`${row} ${call}`])?.test(hostile)) return undefined
  const before = sent()
  let outcome: string
  try {
    await attack.run(hostile)
    outcome = 'was taken'
  } catch (error) {
    const isNamed = error instanceof OrmError || error instanceof RangeError
    outcome = isNamed ? saidBadly(error.message) : `threw ${error}`
  }
  if (sent() !== before) outcome += ` and sent ${sent() - before} statements`
  return outcome === ''
    ? undefined
    : `${attack.row} ${attack.call} ${outcome}: ${JSON.stringify(hostile)}`
}

/** The SQL of a query; what was refused has none. */
export function sqlOf(attack: Attack, value: string): string | undefined {
  try {
    return (attack.run(value) as { toSQL(): { readonly sql: string } }).toSQL().sql
  } catch (error) {
    if (error instanceof OrmError) return undefined
    throw error
  }
}
