import { expect } from 'chai'
import {
  atomic,
  Count,
  F,
  FieldError,
  Max,
  NotSupportedError,
  TransactionError,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, named, Tag, useBookshop } from './support/bookshop.ts'

async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  return undefined
}

describeOnEach('union(), intersection(), difference()', (kind) => {
  const shop = useBookshop(kind)
  const first = Author.objects.filter({ id: 1 })
  const two = Author.objects.filter({ id__lte: 2 })

  it('give instances, each once or as often as it is there: one statement', async () => {
    expect(named(await shop.sends(1, () => first.union(two).orderBy('name')))).to.deep.equal([
      'Ann',
      'Bob',
    ])
    expect(named(await first.union(two, { all: true }).orderBy('name'))).to.deep.equal([
      'Ann',
      'Ann',
      'Bob',
    ])
    expect(named(await first.intersection(two))).to.deep.equal(['Ann'])
    expect(named(await two.difference(first))).to.deep.equal(['Bob'])
    expect((await first.union(two))[0]).to.be.instanceOf(Author)
  })

  it('combine columns of different models', async () => {
    const names = Author.objects.values('name').union(Tag.objects.values('name')).orderBy('-name')
    expect((await names).map(({ name }) => name)).to.have.members([
      'unused',
      'old',
      'new',
      'Cyd',
      'Bob',
      'Ann',
    ])
  })

  it('combine slices, each in its own order', async () => {
    const ends = Author.objects
      .orderBy('id')
      .slice(0, 1)
      .union(Author.objects.orderBy('-id').slice(0, 1))
    expect(named(await shop.sends(1, () => ends.orderBy('name')))).to.deep.equal(['Ann', 'Cyd'])
  })

  it('combine annotated rows, and combinations', async () => {
    const rows = Author.objects
      .annotate({ n: Count('books') })
      .union(Author.objects.annotate({ n: Count('edited') }))
    expect(
      (await rows.orderBy('-n', 'id').slice(0, 2)).map(({ name, n }) => [name, n]),
    ).to.deep.equal([
      ['Ann', 3],
      ['Ann', 1],
    ])
    expect(named(await first.union(two).difference(first))).to.deep.equal(['Bob'])
  })

  it('are followed by count, exists, values, slices, at, first, get() and aggregate()', async () => {
    const both = first.union(two)
    expect(await shop.sends(1, () => both.count())).to.equal(2)
    expect(await shop.sends(1, () => both.exists())).to.equal(true)
    expect(await both.values('name')).to.have.deep.members([{ name: 'Ann' }, { name: 'Bob' }])
    expect(await both.orderBy('name').valuesList('name', { flat: true })).to.deep.equal([
      'Ann',
      'Bob',
    ])
    expect(named(await both.orderBy('-name').slice(0, 1))).to.deep.equal(['Bob'])
    expect((await both.orderBy('id').at(1))?.name).to.equal('Bob')
    expect((await both.first())?.name).to.equal('Ann')
    expect((await both.orderBy('id').last())?.name).to.equal('Bob')
    expect((await first.union(first).get()).name).to.equal('Ann')
    expect(await both.aggregate({ n: Count('*'), last: Max('id') })).to.deep.equal({
      n: 2,
      last: 2,
    })
    expect(
      named(await Book.objects.filter({ author__in: both, pages__gt: 20 }).orderBy('id')),
    ).to.deep.equal(['C', 'D'])
    expect(await both.startCount().count()).to.equal(2)
  })

  it('leave out what has no rows', async () => {
    const nothing = Author.objects.filter({ id__in: [] })
    expect(named(await nothing.union(first))).to.deep.equal(['Ann'])
    expect(named(await Author.objects.none().union(first))).to.deep.equal(['Ann'])
    expect(await shop.sends(0, () => first.intersection(nothing))).to.deep.equal([])
    expect(await shop.sends(0, () => nothing.difference(first))).to.deep.equal([])
    expect(named(await first.difference(nothing))).to.deep.equal(['Ann'])
    expect(await first.intersection(Author.objects.none()).count()).to.equal(0)
  })

  it('are followed by nothing else', async () => {
    const both = first.union(two)
    for (const call of [
      () => both.filter({ id: 1 }),
      () => both.exclude({ id: 1 }),
      () => both.annotate({ n: Count('books') }),
      () => both.distinct(),
      () => both.selectRelated('mentor'),
      () => both.selectForUpdate(),
    ]) {
      expect(call).to.throw(NotSupportedError)
    }
    for (const promise of [both.update({ name: 'x' }), both.delete(), both.get({ id: 1 })]) {
      expect(await rejection(promise)).to.be.instanceOf(NotSupportedError)
    }
    const names = Author.objects.values('name')
    expect(await rejection(names.union(names).orderBy('id'))).to.be.instanceOf(FieldError)
    expect(
      await rejection(names.union(Author.objects.values('name', 'id') as never)),
    ).to.be.instanceOf(FieldError)
    expect(() => first.union(3 as never)).to.throw('querysets')
    expect(() => first.union(two, { every: true } as never)).to.throw(FieldError)
  })
})

describeOnEach('distinct(…paths)', (kind) => {
  const shop = useBookshop(kind)
  const longest = Book.objects.orderBy('author', '-pages').distinct('author')

  it('gives the first row of each on PostgreSQL, and is refused elsewhere', async () => {
    if (kind.dialect === 'sqlite') {
      expect(await rejection(longest)).to.be.instanceOf(NotSupportedError)
      return
    }
    expect(named(await shop.sends(1, () => longest))).to.deep.equal(['C', 'D'])
    expect(await longest.count()).to.equal(2)
    expect(named(await longest.slice(1, 2))).to.deep.equal(['D'])
  })

  it('takes known names only', () => {
    expect(() => Book.objects.distinct('autor' as never)).to.throw(FieldError, "'autor'")
  })
})

describeOnEach('selectForUpdate()', (kind) => {
  const shop = useBookshop(kind)
  const isPostgres = kind.dialect === 'postgresql'
  const sqlOf = async (query: () => PromiseLike<unknown>): Promise<string> => {
    const sent = await shop.sqlOf(() => atomic(async () => await query(), { using: shop.db }))
    return sent.find((sql) => sql.startsWith('select')) ?? ''
  }

  it('locks rows in a transaction; SQLite sends the plain query', async () => {
    const locked = isPostgres ? / for update$/ : /"id" asc$/
    expect(await sqlOf(() => Author.objects.orderBy('id').selectForUpdate())).to.match(locked)
  })

  it('takes options', async () => {
    const books = Book.objects.selectRelated('author', 'editor').orderBy('id')
    const options = [
      [{ noWait: true, of: ['self'] }, 'for update of "books" nowait'],
      [
        { skipLocked: true, of: ['self', 'author'] },
        'for update of "books", "authors" skip locked',
      ],
      [{ noKey: true, of: ['author'] }, 'for no key update of "authors"'],
      // What may be missing cannot be locked.
      [{}, 'for update of "books", "authors"'],
    ] as const
    for (const [option, text] of options) {
      const sql = await sqlOf(() => books.selectForUpdate(option))
      if (isPostgres) expect(sql.endsWith(` ${text}`), sql).to.equal(true)
      else expect(sql).to.not.contain('for ')
    }
  })

  it('is refused outside of a transaction, where there are no locks of rows too', async () => {
    const locked = Author.objects.orderBy('id').selectForUpdate()
    const reads: readonly (() => PromiseLike<unknown>)[] = [
      () => locked,
      () => locked.first(),
      () => locked.get({ id: 1 }),
      () => locked.startFetch().fetch(),
      () => locked.iterator().next(),
    ]
    for (const read of reads) {
      const failure = await shop.sends(0, () => rejection(read()))
      expect(failure, String(read)).to.be.instanceOf(TransactionError)
    }
    expect(await atomic(() => locked.count(), { using: shop.db })).to.equal(3)
    expect(await Author.objects.none().selectForUpdate()).to.deep.equal([])
  })

  it('is refused for groups, wrong options and unknown relations', async () => {
    const counted = Author.objects.annotate({ n: Count('books') }).selectForUpdate()
    expect(await rejection(counted)).to.be.instanceOf(NotSupportedError)
    expect(() => Author.objects.selectForUpdate({ noWait: true, skipLocked: true })).to.throw(
      FieldError,
    )
    expect(() => Author.objects.selectForUpdate({ wait: true } as never)).to.throw(FieldError)
    const wrong = Author.objects.selectForUpdate({ of: ['books' as string] })
    expect(await rejection(wrong)).to.be.instanceOf(FieldError)
  })
})

describeOnEach('orderBy() and explain()', (kind) => {
  const shop = useBookshop(kind)

  it('order by expressions, NULL first or last, or at random', async () => {
    const authors = Author.objects.orderBy(F('mentor').desc({ nulls: 'last' }), F('id').mul(-1))
    expect(named(await shop.sends(1, () => authors))).to.deep.equal(['Bob', 'Cyd', 'Ann'])
    expect(named(await authors.reverse())).to.deep.equal(['Ann', 'Cyd', 'Bob'])
    expect(named(await Author.objects.orderBy('?'))).to.have.members(['Ann', 'Bob', 'Cyd'])
  })

  it('explain() takes options from a list', async () => {
    if (kind.dialect === 'postgresql') {
      const json = await Author.objects
        .all()
        .explain({ analyze: true, format: 'json', costs: false })
      expect(JSON.parse(json)).to.be.an('array')
    } else {
      const failure = await rejection(Author.objects.all().explain({ verbose: true }))
      expect(failure).to.be.instanceOf(NotSupportedError)
    }
    for (const option of [{ analyse: true }, { format: 'pdf' }, { verbose: 'yes' }]) {
      const failure = await rejection(Author.objects.all().explain(option as never))
      expect(failure).to.be.instanceOf(FieldError)
    }
  })
})
