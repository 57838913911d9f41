/** DESIGN section 3: every start, what it answers, finished, running and failed. */
import { expect } from 'chai'
import { Count, F, Max, Q } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Ghost } from './support/library.ts'
import { createGhosts, rejection, thrown, useStage } from './support/stage.ts'

type Authors = ReturnType<typeof Author.objects.all>
type Ghosts = ReturnType<typeof Ghost.objects.all>

interface Named {
  readonly name: string
}
const names = (rows: readonly Named[]): string[] => rows.map(({ name }) => name)

/** A start and one of the calls it answers. */
interface Pair {
  readonly start: string
  readonly call: string
  begin(authors: Authors): Authors
  beginGhosts(ghosts: Ghosts): Ghosts
  ask(authors: Authors): PromiseLike<unknown>
  askGhosts(ghosts: Ghosts): PromiseLike<unknown>
  readonly answer: unknown
}

interface Askable {
  fetch(): Promise<Named[]>
  count(): Promise<number>
  exists(): Promise<boolean>
  at(index: number): Promise<Named | undefined>
  first(): Promise<Named | null>
  get(where?: { id: number }): Promise<Named>
  aggregate(spec: { n: ReturnType<typeof Count> }): Promise<{ n: number }>
  slice(start: number, end?: number): Askable & PromiseLike<Named[]>
  startFetch(): unknown
  startCount(): unknown
  startExists(): unknown
  startFirst(): unknown
  startGet(where?: { id: number }): unknown
  startAggregate(spec: { n: ReturnType<typeof Count> }): unknown
  [Symbol.asyncIterator](): AsyncGenerator<Named, void, undefined>
}

/** The same start and question of whatever model. */
function pair(
  start: string,
  begin: (qs: Askable) => unknown,
  call: string,
  ask: (qs: Askable & PromiseLike<Named[]>) => PromiseLike<unknown>,
  answer: unknown,
): Pair {
  const beginAny = <Q>(querySet: Q): Q => {
    expect(begin(querySet as Askable)).to.equal(querySet)
    return querySet
  }
  const askAny = (querySet: unknown): PromiseLike<unknown> =>
    ask(querySet as Askable & PromiseLike<Named[]>)
  return {
    start,
    call,
    begin: beginAny,
    beginGhosts: beginAny,
    ask: askAny,
    askGhosts: askAny,
    answer,
  }
}

const n = Count('*')
const fetch = (qs: Askable) => qs.startFetch()
const everyone = ['Jane', 'Mary Ann', 'Charlotte']
const pairs: readonly Pair[] = [
  pair('startFetch()', fetch, 'await', async (qs) => names(await qs), everyone),
  pair('startFetch()', fetch, 'fetch()', async (qs) => names(await qs.fetch()), everyone),
  pair('startFetch()', fetch, 'count()', (qs) => qs.count(), 3),
  pair('startFetch()', fetch, 'exists()', (qs) => qs.exists(), true),
  pair('startFetch()', fetch, 'at(2)', async (qs) => (await qs.at(2))?.name, 'Charlotte'),
  pair('startFetch()', fetch, 'first()', async (qs) => (await qs.first())?.name, 'Jane'),
  pair(
    'startFetch()',
    fetch,
    'slice(1)',
    async (qs) => names(await qs.slice(1)),
    everyone.slice(1),
  ),
  pair(
    'startFetch()',
    fetch,
    'slice(0, 1).get()',
    async (qs) => (await qs.slice(0, 1).get()).name,
    'Jane',
  ),
  pair(
    'startFetch()',
    fetch,
    'for await',
    async (qs) => {
      const found: string[] = []
      for await (const { name } of qs) found.push(name)
      return found
    },
    everyone,
  ),
  pair(
    'startCount()',
    (qs) => qs.startCount(),
    'count()',
    (qs) => qs.count(),
    3,
  ),
  pair(
    'startCount()',
    (qs) => qs.startCount(),
    'exists()',
    (qs) => qs.exists(),
    true,
  ),
  pair(
    'startExists()',
    (qs) => qs.startExists(),
    'exists()',
    (qs) => qs.exists(),
    true,
  ),
  pair(
    'startFirst()',
    (qs) => qs.startFirst(),
    'first()',
    async (qs) => (await qs.first())?.name,
    'Jane',
  ),
  pair(
    'startGet({ id: 1 })',
    (qs) => qs.startGet({ id: 1 }),
    'get({ id: 1 })',
    async (qs) => (await qs.get({ id: 1 })).name,
    'Jane',
  ),
  pair(
    'startAggregate({ n })',
    (qs) => qs.startAggregate({ n }),
    'aggregate({ n })',
    async (qs) => (await qs.aggregate({ n })).n,
    3,
  ),
]

const ordered = (): Authors => Author.objects.orderBy('id')

describeOnEach('starts', (kind) => {
  const stage = useStage(kind)

  for (const { start, call, begin, beginGhosts, ask, askGhosts, answer } of pairs) {
    describe(`${start}, then ${call}`, () => {
      it('running: uses it, for every reader (F03)', async () => {
        await stage.sends(1, async () => {
          const authors = begin(ordered())
          const answers = await Promise.all([ask(authors), ask(authors)])
          expect(answers).to.deep.equal([answer, answer])
        })
      })

      it('finished: uses it, whenever it is asked (F03)', async () => {
        await stage.sends(1, async () => {
          const authors = begin(ordered())
          await stage.answered(1)
          expect(await ask(authors)).to.deep.equal(answer)
          expect(await ask(authors)).to.deep.equal(answer)
        })
      })

      it('started twice: is one query', async () => {
        await stage.sends(1, async () => {
          const authors = begin(begin(ordered()))
          await stage.answered(1)
          expect(await ask(begin(authors))).to.deep.equal(answer)
        })
      })

      it('failed: throws that, to all who wait, and tries again only when asked again (F02)', async () => {
        await stage.sends(1, async () => {
          const ghosts = beginGhosts(Ghost.objects.orderBy('id'))
          const [error, same] = await Promise.all([
            rejection(askGhosts(ghosts)),
            rejection(askGhosts(ghosts)),
          ])
          expect(error).to.have.property('code').that.is.a('string')
          expect(same).to.equal(error)
          expect(error.stack).to.contain('started at:').and.to.contain('starts.spec.ts')
        })
        const ghosts = beginGhosts(Ghost.objects.orderBy('id'))
        await stage
          .sends(1, async () => {
            await rejection(askGhosts(ghosts))
            await createGhosts(stage, ...everyone)
          })
          .catch(() => {}) // Making the table sends statements of its own.
        expect(await stage.sends(1, () => askGhosts(ghosts))).to.deep.equal(answer)
      })

      it('failed and finished: is kept for the first reader (F02)', async () => {
        const ghosts = await stage.sends(1, async () => {
          const started = beginGhosts(Ghost.objects.orderBy('id'))
          await stage.answered(1)
          return [started]
        })
        const started = ghosts[0] as Ghosts
        await stage.sends(0, () => rejection(askGhosts(started)))
        await stage.sends(1, () => rejection(askGhosts(started)))
      })
    })
  }

  it('startFetch(), then contains(): looks among the rows', async () => {
    const jane = await Author.objects.get({ id: 1 })
    await stage.sends(1, async () => {
      expect(await ordered().startFetch().contains(jane)).to.equal(true)
    })
    await stage.sends(1, async () => {
      const authors = ordered().filter({ id__gt: 1 }).startFetch()
      await stage.answered(1)
      expect(await authors.contains(jane)).to.equal(false)
    })
  })

  it('startFetch(), then get(): the only row, or what is wrong', async () => {
    await stage.sends(1, async () => {
      const author = Author.objects.filter({ id: 2 }).startFetch()
      expect((await author.get()).name).to.equal('Mary Ann')
    })
    const error = await stage.sends(1, () => rejection(ordered().startFetch().get()))
    expect(error).to.be.instanceOf(Author.MultipleObjectsReturned)
  })

  it('sends the query though nobody asks', async () => {
    await stage.sends(1, async () => {
      ordered().startFetch()
      await stage.answered(1)
    })
  })

  it('startExists() answers count() when there is nothing, and only then', async () => {
    const nobody = (): Authors => Author.objects.filter({ name: 'Nobody' })
    await stage.sends(1, async () => {
      expect(await nobody().startExists().count()).to.equal(0)
    })
    await stage.sends(1, async () => {
      const authors = nobody().startExists()
      await stage.answered(1)
      expect(await authors.count()).to.equal(0)
      expect(await authors.exists()).to.equal(false)
    })
    await stage.sends(2, async () => {
      expect(await ordered().startExists().count()).to.equal(3)
    })
  })

  it('startCount() of nothing answers both', async () => {
    await stage.sends(1, async () => {
      const authors = Author.objects.filter({ name: 'Nobody' }).startCount()
      expect(await authors.exists()).to.equal(false)
      expect(await authors.count()).to.equal(0)
    })
  })

  it('counts and rows started together answer each their own', async () => {
    await stage.sends(3, async () => {
      const page = ordered().slice(0, 2).startFetch()
      const total = ordered().startCount().startExists()
      expect(names(await page)).to.deep.equal(['Jane', 'Mary Ann'])
      expect(await total.count()).to.equal(3)
      expect(await total.exists()).to.equal(true)
    })
  })

  it('a start that the rows answer already sends nothing', async () => {
    const authors = ordered()
    await authors
    await stage.sends(0, async () => {
      authors.startFetch().startCount().startExists().startFirst()
      expect(await authors.count()).to.equal(3)
      expect(await authors.exists()).to.equal(true)
      expect((await authors.first())?.name).to.equal('Jane')
    })
    await stage.sends(1, async () => {
      const jane = ordered().filter({ id: 1 }).startFetch()
      expect((await jane.startGet().get()).name).to.equal('Jane')
    })
  })

  it('startFetch() while the rows are being fetched is that fetch', async () => {
    await stage.sends(1, async () => {
      const authors = ordered()
      const fetching = authors.fetch()
      expect(names(await authors.startFetch())).to.deep.equal(everyone)
      await fetching
    })
  })

  it('startCount() while a count is on its way remembers that one', async () => {
    await stage.sends(1, async () => {
      const authors = ordered()
      const counting = authors.count()
      authors.startCount()
      expect(await counting).to.equal(3)
      expect(await authors.count()).to.equal(3)
      expect(await authors.exists()).to.equal(true)
    })
  })

  it('startFirst() of nothing is null', async () => {
    await stage.sends(1, async () => {
      expect(await Author.objects.filter({ name: 'Nobody' }).startFirst().first()).to.equal(null)
    })
  })

  describe('startGet()', () => {
    const equal: [string, (qs: Authors) => Authors, (qs: Authors) => PromiseLike<Author>][] = [
      ['the same key', (qs) => qs.startGet({ id: 1 }), (qs) => qs.get({ id: 1 })],
      ['pk for the key', (qs) => qs.startGet({ id: 1 }), (qs) => qs.get({ pk: 1 })],
      ['exact said or not', (qs) => qs.startGet({ id__exact: 1 }), (qs) => qs.get({ id: 1 })],
      ['a Q for an object', (qs) => qs.startGet({ id: 1 }), (qs) => qs.get(Q({ id: 1 }))],
      [
        'an instance for its key',
        (qs) => qs.startGet({ mentorId: 1, id: 2 }),
        (qs) => qs.get({ mentorId: 1, id: 2 }),
      ],
      [
        'two conditions',
        (qs) => qs.startGet({ id: 1 }, { name: 'Jane' }),
        (qs) => qs.get({ id: 1 }, { name: 'Jane' }),
      ],
    ]
    for (const [name, begin, ask] of equal) {
      it(`answers get() of equal arguments: ${name}`, async () => {
        await stage.sends(1, async () => {
          const author = await ask(begin(ordered()))
          expect(author.id).to.be.oneOf([1, 2])
        })
      })
    }

    it('does not answer get() of other arguments', async () => {
      await stage.sends(3, async () => {
        const authors = ordered().startGet({ id: 1 })
        expect((await authors.get({ id: 2 })).name).to.equal('Mary Ann')
        expect(await rejection(authors.get({ id: 1, name: 'Bob' }))).to.be.instanceOf(
          Author.DoesNotExist,
        )
        expect((await authors.get({ id: 1 })).name).to.equal('Jane')
      })
    })

    it('several with different arguments stand side by side', async () => {
      await stage.sends(2, async () => {
        const authors = ordered().startGet({ id: 1 }).startGet({ id: 2 })
        expect((await authors.get({ id: 2 })).name).to.equal('Mary Ann')
        expect((await authors.get({ id: 1 })).name).to.equal('Jane')
      })
    })

    it('compares values, dates and lists too', async () => {
      const when = () => new Date('1815-12-23T09:30:00.125Z')
      await stage.sends(1, async () => {
        const books = Book.objects.startGet({ publishedAt: when(), pages__in: [474, 1] })
        const book = await books.get({ publishedAt: when(), pages__in: [474, 1] })
        expect(book.title).to.equal('Emma')
      })
    })

    it('says what is wrong with the number of rows, each time without a query', async () => {
      await stage.sends(1, async () => {
        const authors = ordered().startGet({ id: 9 })
        for (let time = 0; time < 2; time += 1) {
          const error = await rejection(authors.get({ id: 9 }))
          expect(error).to.be.instanceOf(Author.DoesNotExist)
        }
      })
    })

    it('throws a wrong name at once', () => {
      // @ts-expect-error: there is no such field
      expect(thrown(() => ordered().startGet({ nmae: 'x' })).name).to.equal('FieldError')
    })
  })

  it('startAggregate() answers an equal spec only', async () => {
    await stage.sends(2, async () => {
      const books = Book.objects.startAggregate({ n: Count('*'), longest: Max('pages') })
      expect(await books.aggregate({ n: Count('*'), longest: Max('pages') })).to.deep.equal({
        n: 4,
        longest: 880,
      })
      expect(await books.aggregate({ longest: Max(F('pages').add(1)) })).to.deep.equal({
        longest: 881,
      })
    })
  })

  describe('chaining', () => {
    it('from a started queryset gives a new one that is not started (F03)', async () => {
      await stage.sends(3, async () => {
        const authors = ordered().startFetch()
        expect(names(await authors.filter({ id: 1 }))).to.deep.equal(['Jane'])
        expect(names(await authors.all())).to.deep.equal(everyone)
        expect(names(await authors)).to.deep.equal(everyone)
      })
    })

    it('all slices of a running fetch share it', async () => {
      await stage.sends(1, async () => {
        const authors = ordered().startFetch()
        const [first, rest, none] = [authors.slice(0, 1), authors.slice(1), authors.slice(7)]
        expect(await rest.count()).to.equal(2)
        expect(names(await first)).to.deep.equal(['Jane'])
        expect(await none.exists()).to.equal(false)
        expect((await rest.slice(1).get()).name).to.equal('Charlotte')
      })
    })

    it('a slice of a failed fetch gets the failure, and tries on its own when read again', async () => {
      const ghosts = Ghost.objects.orderBy('id').startFetch()
      const slice = ghosts.slice(1, 2)
      const [error, same] = await Promise.all([rejection(ghosts), rejection(slice)])
      expect(same).to.equal(error)
      await createGhosts(stage, 'Boo', 'Hoo')
      const sql = await stage.sqlOf(async () => {
        expect(names(await slice)).to.deep.equal(['Hoo'])
      })
      expect(sql).to.have.lengthOf(1)
      expect(sql[0]).to.contain('limit')
    })

    it('a slice of another start is lazy', async () => {
      await stage.sends(2, async () => {
        const authors = ordered().startCount()
        expect(names(await authors.slice(0, 1))).to.deep.equal(['Jane'])
        expect(await authors.count()).to.equal(3)
      })
    })
  })

  it('none() is started without a query', async () => {
    await stage.sends(0, async () => {
      const nobody = Author.objects.none().startFetch().startCount().startExists()
      expect(await nobody).to.deep.equal([])
      expect(await nobody.count()).to.equal(0)
      const nothing = Author.objects.filter({ id__in: [] }).startCount()
      expect(await nothing.exists()).to.equal(false)
    })
  })

  it('values(), custom methods and managers can be started', async () => {
    await stage.sends(3, async () => {
      const titles = Book.objects.live().valuesList('title', { flat: true }).startFetch()
      const rows = Book.objects.values('title', 'author__name').slice(0, 1).startFetch()
      const all = Author.objects.startCount()
      expect(await titles).to.deep.equal(['Emma', 'Middlemarch'])
      expect(await rows).to.deep.equal([{ title: 'Emma', author__name: 'Jane' }])
      expect(await all.count()).to.equal(3)
    })
  })

  it('many at once all arrive', async () => {
    await stage.sends(1000, async () => {
      const all = Array.from({ length: 1000 }, (_, at) =>
        Author.objects.filter({ id: (at % 3) + 1 }).startFetch(),
      )
      const rows = (await Promise.all(all)).map(([author]) => author?.id)
      expect(rows).to.deep.equal(all.map((_, at) => (at % 3) + 1))
    })
  })
})
