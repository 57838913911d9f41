import { expect } from 'chai'
import {
  AsyncManager,
  FieldError,
  fields,
  ImproperlyConfigured,
  InvalidValueError,
  Model,
  OrmError,
  QueryTooComplexError,
  type RelatedManager,
  type RequestQuery,
  safeFilter,
  safeOrder,
} from '../../lib/index.ts'
import { useSchema } from '../behaviour/support/schema.ts'
import { rejection, thrown } from '../behaviour/support/stage.ts'
import { describeOnEach } from '../support/databases.ts'

class Account extends Model('accounts', {
  name: fields.char({ maxLength: 100 }),
  password: fields.char({ maxLength: 100, sensitive: true }),
  birthday: fields.date({ null: true }),
}) {
  static objects = new AsyncManager(Account)
  declare readonly posts: RelatedManager<Post>
}

class Post extends Model('posts', {
  title: fields.char({ maxLength: 100 }),
  pages: fields.integer({ default: 0 }),
  size: fields.bigInteger({ default: 0n }),
  rating: fields.float({ default: 0 }),
  price: fields.decimal({ maxDigits: 8, decimalPlaces: 2, default: '0' }),
  isLive: fields.boolean({ default: false }),
  at: fields.dateTime({ null: true }),
  data: fields.json({ default: {} }),
  bytes: fields.binary({ default: new Uint8Array(0) }),
  author: fields.foreignKey(Account, { onDelete: 'cascade', relatedName: 'posts' }),
}) {
  static objects = new AsyncManager(Post)
}

class Shelf extends Model('shelves', {
  tags: fields.array(fields.char({ maxLength: 5 })),
  days: fields.array(fields.date({ null: true }), { null: true }),
  bigs: fields.array(fields.bigInteger()),
  flags: fields.array(fields.boolean()),
  grid: fields.array(fields.array(fields.integer())),
  blobs: fields.array(fields.binary()),
  seats: fields.integerRange(),
  stay: fields.dateRange({ null: true }),
  codes: fields.array(fields.char({ maxLength: 5 }), { sensitive: true }),
  seen: fields.dateTime({ sensitive: true }),
  notes: fields.json({ sensitive: true }),
}) {
  static objects = new AsyncManager(Shelf)
}

const ALLOW = [
  'title',
  'title__icontains',
  'title__in',
  'pages',
  'pages__gte',
  'pages__in',
  'pages__range',
  'size',
  'rating__lt',
  'price__lte',
  'isLive',
  'at__gte',
  'at__year',
  'at__isnull',
  'data__owner__name',
  'data__hasKey',
  'author',
  'author__name',
  'author__name__startswith',
] as const

const filterOf = (input: RequestQuery) => safeFilter(Post, input, { allow: ALLOW })

describe('safeFilter()', () => {
  it('reads each text as its column’s type', () => {
    const query =
      '?title__icontains=a%25b&pages=3&size=9007199254740993&rating__lt=-1.5e3&price__lte=0.10' +
      '&isLive=true&at__gte=2020-01-01T00:00:00Z&at__year=2020&at__isnull=0&author=7' +
      '&author__name=Ann&data__owner__name=7&data__hasKey=a'
    const expected = {
      title__icontains: 'a%b',
      pages: 3,
      size: 9007199254740993n,
      rating__lt: -1500,
      price__lte: '0.10',
      isLive: true,
      at__gte: new Date('2020-01-01T00:00:00Z'),
      at__year: 2020,
      at__isnull: false,
      author: 7,
      author__name: 'Ann',
      data__owner__name: '7',
      data__hasKey: 'a',
    }
    expect(filterOf(query)).to.eql(expected)
    expect(filterOf(new URLSearchParams(query))).to.eql(expected)
    expect(filterOf(Object.fromEntries(new URLSearchParams(query)))).to.eql(expected)
    expect(filterOf('')).to.eql({})
    expect(filterOf({ pages: undefined })).to.eql({})
  })

  it('reads lists from commas or repeated keys', () => {
    expect(filterOf('pages__in=1,2,3')).to.eql({ pages__in: [1, 2, 3] })
    expect(filterOf('pages__in=1&pages__in=2')).to.eql({ pages__in: [1, 2] })
    expect(filterOf({ title__in: ['a,b', 'c'] })).to.eql({ title__in: ['a,b', 'c'] })
    expect(filterOf({ pages__range: '1,9' })).to.eql({ pages__range: [1, 9] })
  })

  it('reads arrays and their items, and what may be in a range', () => {
    const read = (query: string) => {
      const allow = [...new URLSearchParams(query).keys()]
      return safeFilter(Shelf, query, { allow: allow as never })
    }
    for (const [query, expected] of [
      ['tags=a,b', { tags: ['a', 'b'] }],
      ['tags__contains=a', { tags__contains: ['a'] }],
      ['tags__overlap=a,b&tags__overlap=c', { tags__overlap: ['a,b', 'c'] }],
      [
        'days__containedBy=2024-05-01,2024-05-02',
        { days__containedBy: ['2024-05-01', '2024-05-02'] },
      ],
      ['bigs__contains=9007199254740993', { bigs__contains: [9007199254740993n] }],
      ['flags__gt=1,false', { flags__gt: [true, false] }],
      ['tags__0=a', { tags__0: 'a' }],
      ['tags__0__icontains=A', { tags__0__icontains: 'A' }],
      ['tags__0__in=a,b', { tags__0__in: ['a', 'b'] }],
      ['tags__0_2=a,b', { tags__0_2: ['a', 'b'] }],
      ['tags__len__gte=2', { tags__len__gte: 2 }],
      ['grid__0=1,2', { grid__0: [1, 2] }],
      ['days__isnull=0', { days__isnull: false }],
      ['seats__contains=3', { seats__contains: 3 }],
      ['stay__contains=2024-05-01', { stay__contains: '2024-05-01' }],
      ['stay__startswith__gte=2024-05-01', { stay__startswith__gte: '2024-05-01' }],
      ['stay__startswith__year=2024', { stay__startswith__year: 2024 }],
      ['stay__isEmpty=true', { stay__isEmpty: true }],
    ] as const) {
      expect(read(query), query).to.eql(expected)
    }
    for (const query of [
      'tags=a%00',
      'days__contains=2024-02-30',
      'bigs__contains=1.5',
      'flags=yes',
      `tags=${'a,'.repeat(200)}`,
      'seats__contains=1,2',
      'stay__contains=[2024-05-01,)',
    ]) {
      expect(
        thrown(() => read(query)),
        query,
      ).to.be.instanceOf(InvalidValueError)
    }
    for (const key of [
      'grid',
      'blobs',
      'tags__in',
      'tags__range',
      'seats',
      'seats__in',
      'stay__overlap',
    ]) {
      expect(thrown(() => read(`${key}=1`)).message).to.equal(
        `'${key}' cannot be allowed: no text stands for such a value.`,
      )
    }
    for (const key of [
      'codes',
      'codes__0',
      'codes__0_2__len',
      'seen__date__year',
      'seen__time__hour__gt',
      'notes__a__b__icontains',
    ]) {
      expect(thrown(() => read(`${key}=1`)).message).to.equal(
        `'${key}' cannot be allowed: its column is declared as sensitive.`,
      )
    }
  })

  it('refuses values of another type, without saying them', () => {
    const secret = 'hunter2'
    for (const input of [
      { pages: secret },
      { pages: '' },
      { pages: '0x10' },
      { pages: '1.5' },
      { pages__in: `1,${secret}` },
      { pages__range: '1' },
      { pages__range: '1,2,3' },
      { pages: ['1', '2'] },
      { isLive: secret },
      { at__gte: secret },
      { at__gte: '2020-01-01' },
      { at__isnull: secret },
      { author: secret },
      { price__lte: 'NaN' },
      { title: 'a\0b' },
      { title: 'a\ud800' },
      { title: { not: '' } },
      { title: [{ $gt: '' }] },
      { title: 7 as unknown as string },
      { title: 'x'.repeat(2001) },
      { pages__in: Array.from({ length: 201 }, () => '1') },
      { pages__in: '1,'.repeat(300) },
    ]) {
      const error = thrown(() => filterOf(input))
      expect(error, JSON.stringify(input)).to.be.instanceOf(InvalidValueError)
      expect(error.message).not.to.contain(secret)
      expect(error.message.length).to.be.lessThan(300)
    }
  })

  it('refuses keys that are not listed, whatever they are', () => {
    for (const key of [
      'password',
      'author__password',
      'author__password__startswith',
      'pages__gt',
      'id',
      'pk',
      'nope',
      '__proto__',
      'constructor',
      'toString',
      'title__icontains ',
      '_connector',
      'title\n[31m',
      '',
    ]) {
      const input = JSON.parse(`{${JSON.stringify(key)}: "1"}`) as RequestQuery
      const error = thrown(() => filterOf(input))
      expect(error, key).to.be.instanceOf(FieldError)
      expect(error.message).to.match(/^There is no filter ".*"\. Choices are: title, [^\n]*$/)
      expect(safeFilter(Post, input, { allow: ALLOW, unknown: 'ignore' })).to.eql({})
    }
    expect(thrown(() => filterOf({ ['x'.repeat(10_000)]: '1' })).message.length).to.be.lessThan(600)
  })

  it('refuses what is too large, and what is no query', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, '1']))
    expect(thrown(() => filterOf(many))).to.be.instanceOf(QueryTooComplexError)
    expect(thrown(() => filterOf('a'.repeat(200_000)))).to.be.instanceOf(QueryTooComplexError)
    for (const input of [null, undefined, 3, [], new Map(), new Date()] as unknown[]) {
      expect(thrown(() => filterOf(input as RequestQuery))).to.be.instanceOf(FieldError)
    }
  })

  it('leaves keys that are someone else’s, and empty fields of a form, when told to', () => {
    const input = 'page=2&pages=&title='
    expect(safeFilter(Post, input, { allow: ALLOW, except: ['page'], empty: 'ignore' })).to.eql({})
    expect(
      thrown(() => safeFilter(Post, input, { allow: ALLOW, empty: 'ignore' })),
    ).to.be.instanceOf(FieldError)
  })

  it('refuses to allow sensitive columns, unknown ones, and what no text stands for', () => {
    const allowing = (key: string) => thrown(() => safeFilter(Post, {}, { allow: [key] as never }))
    for (const key of [
      'author__password',
      'author__password__startswith',
      'author__password__isnull',
      'author__nope',
      'title__nope',
      'title__',
      'data',
      'data__contains',
      'bytes',
    ]) {
      expect(allowing(key), key).to.be.instanceOf(ImproperlyConfigured)
    }
    expect(allowing('author__password').message).to.equal(
      "'author__password' cannot be allowed: its column is declared as sensitive.",
    )
  })
})

describe('safeOrder()', () => {
  const orderOf = (input: string | readonly string[] | null | undefined) =>
    safeOrder(Post, input, { allow: ['title', 'pages', 'author__name'] })

  it('gives the terms of orderBy(), in either direction', () => {
    expect(orderOf('-pages,title')).to.eql(['-pages', 'title'])
    expect(orderOf(['author__name', '-title'])).to.eql(['author__name', '-title'])
  })

  it("gives the model's own order for nothing", () => {
    expect([undefined, null, ''].map((input) => orderOf(input))).to.eql(Array(3).fill([]))
    class Ranked extends Model(
      'ranked',
      { title: fields.text() },
      { ordering: ['-title', 'id'] },
    ) {}
    expect(safeOrder(Ranked, null, { allow: ['title'] })).to.eql(['-title', 'id'])
    expect(safeOrder(Ranked, 'title', { allow: ['title'] })).to.eql(['title'])
  })

  it('refuses what is not listed, and what is sensitive', () => {
    for (const input of [
      'author__password',
      '?',
      'rating',
      'title desc',
      '--title',
      '+title',
      'title;drop',
      'title,title,title,title',
      ',',
    ]) {
      expect(
        thrown(() => orderOf(input)),
        input,
      ).to.be.instanceOf(FieldError)
    }
    const allow = ['author__password'] as never
    expect(thrown(() => safeOrder(Post, '', { allow }))).to.be.instanceOf(ImproperlyConfigured)
    expect(thrown(() => orderOf([{}] as never))).to.be.instanceOf(InvalidValueError)
  })
})

describeOnEach('S60 relation traversal to secrets', (kind) => {
  const shop = useSchema(kind, [Account, Post], async (knex) => {
    await knex.schema.createTable('accounts', (table) => {
      table.increments()
      table.string('name').notNullable()
      table.string('password').notNullable()
      table.date('birthday')
    })
    await knex.schema.createTable('posts', (table) => {
      table.increments()
      table.string('title').notNullable()
      table.integer('pages').notNullable()
      table.bigInteger('size').notNullable()
      table.double('rating').notNullable()
      table.text('price').notNullable()
      table.boolean('is_live').notNullable()
      table.timestamp('at')
      table.jsonb('data').notNullable()
      table.binary('bytes').notNullable()
      table.integer('author_id').notNullable().references('accounts.id')
    })
  })

  /** What an application answers: how many rows, or the text of the error. */
  const answer = async (query: Record<string, string>): Promise<string> => {
    try {
      const { order = '', ...rest } = query
      const where = safeFilter(Post, rest, { allow: ['title__icontains', 'author__name'] })
      const terms = safeOrder(Post, order, { allow: ['title', 'author__name'] })
      return `${(await Post.objects.filter(where).orderBy(...terms)).length} rows`
    } catch (error) {
      if (!(error instanceof OrmError)) throw error
      return error.message
    }
  }

  beforeEach(async () => {
    const author = await Account.objects.create({ name: 'Ann', password: 'm' })
    await Post.objects.create({ title: 'One', author })
  })

  it('tells nothing of a password, letter by letter', async () => {
    const answers = new Map<string, Set<string>>()
    const letters = 'abcdefghijklmnopqrstuvwxyz'
    for (const key of [
      'author__password',
      'author__password__startswith',
      'author__password__gte',
      'author__password__regex',
      'author__posts__author__password__startswith',
    ]) {
      const seen = new Set<string>()
      for (const letter of letters) {
        seen.add(await shop.sends(0, () => answer({ [key]: letter })))
        seen.add(await shop.sends(0, () => answer({ [key]: `^${letter}.*` })))
      }
      answers.set(key, seen)
    }
    for (const [key, seen] of answers) expect(seen.size, key).to.equal(1)
    for (const order of ['author__password', '-author__password', 'password']) {
      expect(await shop.sends(0, () => answer({ order }))).to.match(/^There is no order/)
    }
    expect(await shop.sends(1, () => answer({ author__name: 'Ann', order: '-title' }))).to.equal(
      '1 rows',
    )
  })

  it('never offers sensitive columns in messages', async () => {
    for (const call of [
      () => Account.objects.filter({ nope: 1 } as never),
      () => Account.objects.orderBy('nope' as never),
      () => Account.objects.values('nope' as never),
      () => Post.objects.filter({ author__nope: 1 } as never),
      () => Post.objects.only('author__nope' as never),
      () => Account.objects.create({ name: 'x', password: 'y', nope: 1 } as never),
    ]) {
      const { message } = await rejection((async () => await call())())
      expect(message).to.contain('nope')
      expect(message).not.to.contain('password')
    }
  })
})
