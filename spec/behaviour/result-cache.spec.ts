/** DESIGN section 2, "Result cache": every cell of the table. */
import { expect } from 'chai'
import { Count } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Ghost } from './support/library.ts'
import { createGhosts, rejection, streamed, useStage } from './support/stage.ts'

type Authors = ReturnType<typeof Author.objects.all>

const names = (authors: readonly Author[]): string[] => authors.map(({ name }) => name)
const ordered = (): Authors => Author.objects.orderBy('id')
const jane = () => Author.objects.get({ id: 1 })

async function iterated(authors: Authors): Promise<string[]> {
  const found: string[] = []
  for await (const { name } of authors) found.push(name)
  return found
}

interface Call {
  readonly name: string
  readonly ask: (authors: Authors) => PromiseLike<unknown>
  readonly answer: unknown
  /** Whether asking once is enough to remember the answer. */
  readonly remembers: boolean
}

const everyone = ['Jane', 'Mary Ann', 'Charlotte']
const calls: readonly Call[] = [
  { name: 'await', ask: async (qs) => names(await qs), answer: everyone, remembers: true },
  { name: 'for await', ask: iterated, answer: everyone, remembers: true },
  {
    name: 'fetch()',
    ask: async (qs) => names(await qs.fetch()),
    answer: everyone,
    remembers: true,
  },
  { name: 'count()', ask: (qs) => qs.count(), answer: 3, remembers: false },
  { name: 'exists()', ask: (qs) => qs.exists(), answer: true, remembers: false },
  {
    name: 'at(1)',
    ask: async (qs) => (await qs.at(1))?.name,
    answer: 'Mary Ann',
    remembers: false,
  },
  { name: 'at() beyond the end', ask: (qs) => qs.at(3), answer: undefined, remembers: false },
  {
    name: 'first()',
    ask: async (qs) => (await qs.first())?.name,
    answer: 'Jane',
    remembers: false,
  },
  {
    name: 'slice(1, 3)',
    ask: async (qs) => names(await qs.slice(1, 3)),
    answer: ['Mary Ann', 'Charlotte'],
    remembers: false,
  },
]

describeOnEach('the result cache', (kind) => {
  const stage = useStage(kind)

  for (const { name, ask, answer, remembers } of calls) {
    describe(name, () => {
      it('nothing known: sends a query', async () => {
        expect(await stage.sends(1, () => ask(ordered()))).to.deep.equal(answer)
      })

      it(remembers ? 'remembers the rows' : 'asks anew each time', async () => {
        const authors = ordered()
        await stage.sends(remembers ? 1 : 3, async () => {
          for (let time = 0; time < 3; time += 1) expect(await ask(authors)).to.deep.equal(answer)
        })
      })

      it('rows known: sends nothing', async () => {
        const authors = ordered()
        await authors
        expect(await stage.sends(0, () => ask(authors))).to.deep.equal(answer)
      })

      it('rows being fetched: waits for them and sends nothing of its own', async () => {
        const authors = ordered()
        await stage.sends(1, async () => {
          const fetching = authors.fetch()
          expect(await ask(authors)).to.deep.equal(answer)
          await fetching
        })
      })

      it('readers at the same time share one query', async () => {
        if (name.startsWith('at') || name.startsWith('slice')) return
        const authors = ordered()
        await stage.sends(1, async () => {
          const answers = await Promise.all([ask(authors), ask(authors), ask(authors)])
          expect(answers).to.deep.equal([answer, answer, answer])
        })
      })
    })
  }

  describe('contains()', () => {
    it('nothing known: sends a query each time, for that row only', async () => {
      const [author, authors] = [await jane(), ordered()]
      const sql = await stage.sqlOf(async () => {
        expect(await authors.contains(author)).to.equal(true)
        expect(await authors.filter({ id__gt: 1 }).contains(author)).to.equal(false)
      })
      expect(sql).to.have.lengthOf(2)
      for (const one of sql) expect(one).to.match(/limit 1$|limit (\?|\$\d)$/)
    })

    it('rows known, or being fetched: looks among them', async () => {
      const [author, authors] = [await jane(), ordered()]
      await stage.sends(1, async () => {
        const fetching = authors.fetch()
        expect(await authors.contains(author)).to.equal(true)
        await fetching
      })
      const others = ordered().filter({ id__gt: 1 })
      await others
      expect(await stage.sends(0, () => others.contains(author))).to.equal(false)
    })
  })

  describe('get() without arguments', () => {
    const one = (): Authors => ordered().filter({ name: 'Jane' })

    it('nothing known: sends a query each time', async () => {
      const author = one()
      await stage.sends(2, async () => {
        expect((await author.get()).id).to.equal(1)
        expect((await author.get()).id).to.equal(1)
      })
    })

    it('rows known, or being fetched: is one of them', async () => {
      const author = one()
      await stage.sends(1, async () => {
        const fetching = author.fetch()
        expect((await author.get()).id).to.equal(1)
        const [same] = await fetching
        expect(await author.get()).to.equal(same)
      })
    })

    it('rows known: says what is wrong with their number without a query', async () => {
      const [none, many] = [Author.objects.none(), ordered()]
      await Promise.all([none, many])
      await stage.sends(0, async () => {
        expect(await rejection(none.get())).to.be.instanceOf(Author.DoesNotExist)
        const error = await rejection(many.get())
        expect(error).to.be.instanceOf(Author.MultipleObjectsReturned)
        expect(error.message).to.equal('get() returned more than one Author -- it returned 3!')
      })
    })

    it('rows known: with arguments it asks the database', async () => {
      const authors = ordered()
      await authors
      expect((await stage.sends(1, () => authors.get({ id: 2 }))).name).to.equal('Mary Ann')
    })

    it('readers of equal arguments share a query, others do not', async () => {
      const authors = ordered()
      const found = await stage.sends(2, () =>
        Promise.all([
          authors.get({ id: 1 }),
          authors.get({ id__exact: 1 }),
          authors.get({ id: 2 }),
        ]),
      )
      expect(names(found)).to.deep.equal(['Jane', 'Jane', 'Mary Ann'])
    })
  })

  describe('first()', () => {
    it('of no order goes by the primary key, whatever rows are known', async () => {
      const authors = Author.objects.all()
      await authors
      expect((await stage.sends(1, () => authors.first()))?.name).to.equal('Jane')
    })

    it('goes by the rows where the model has an ordering', async () => {
      const books = Book.objects.all()
      await books
      expect((await stage.sends(0, () => books.first()))?.title).to.equal('Emma')
    })
  })

  describe('slice()', () => {
    it('nothing known: is a lazy queryset that reads its own rows', async () => {
      const sql = await stage.sqlOf(async () => {
        const slice = await stage.sends(0, () => [ordered().slice(1, 2)])
        expect(names(await (slice[0] as Authors))).to.deep.equal(['Mary Ann'])
      })
      expect(sql).to.have.lengthOf(1)
      expect(sql[0]).to.match(/limit .* offset/)
    })

    it('rows known: has its rows, and a slice of it has them too', async () => {
      const authors = ordered()
      await authors
      await stage.sends(0, async () => {
        const rest = authors.slice(1)
        expect(names(await rest)).to.deep.equal(['Mary Ann', 'Charlotte'])
        expect(await rest.count()).to.equal(2)
        expect(names(await rest.slice(1, 9))).to.deep.equal(['Charlotte'])
        expect((await rest.at(0))?.name).to.equal('Mary Ann')
        expect(await authors.slice(5).exists()).to.equal(false)
      })
    })
  })

  describe('what rows do not answer', () => {
    const asked: Record<string, (authors: Authors) => PromiseLike<unknown>> = {
      'last()': (qs) => qs.last(),
      'latest()': (qs) => qs.latest('id'),
      'earliest()': (qs) => qs.earliest('id'),
      'aggregate()': (qs) => qs.aggregate({ n: Count('*') }),
      'inBulk()': (qs) => qs.inBulk([1]),
      'explain()': (qs) => qs.explain(),
      'iterator()': async (qs) => {
        for await (const author of qs.iterator()) expect(author.name).to.be.a('string')
      },
      'filter()': (qs) => qs.filter({ id: 1 }).fetch(),
      'all()': (qs) => qs.all().fetch(),
      'reverse()': (qs) => qs.reverse().fetch(),
    }
    for (const [name, ask] of Object.entries(asked)) {
      it(`${name} asks the database`, async () => {
        const authors = ordered()
        await authors
        const count = name === 'iterator()' ? streamed(stage, 1) : 1
        await stage.sends(count, () => ask(authors))
        await stage.sends(0, () => authors)
      })
    }
  })

  describe('update() and delete()', () => {
    it('forget the rows of the queryset they are called on', async () => {
      const live = Book.objects.live().orderBy('id')
      expect((await live).map(({ pages }) => pages)).to.deep.equal([474, 880])
      expect(await stage.sends(1, () => live.update({ pages: 1 }))).to.equal(2)
      expect((await stage.sends(1, () => live)).map(({ pages }) => pages)).to.deep.equal([1, 1])
      await live.delete()
      expect(await stage.sends(1, () => live)).to.deep.equal([])
      expect(await stage.sends(0, () => live.count())).to.equal(0)
    })

    it('forget what was started, count and exists too', async () => {
      const live = Book.objects.live()
      live.startFetch().startCount().startExists()
      expect(await live.count()).to.equal(2)
      await live.delete()
      await stage.sends(3, async () => {
        expect(await live.count()).to.equal(0)
        expect(await live.exists()).to.equal(false)
        expect(await live).to.deep.equal([])
      })
    })

    it('forget even when they failed', async () => {
      const books = Book.objects.all()
      await books
      expect(await rejection(books.update({ authorId: 99 }))).to.have.property('code')
      await stage.sends(1, () => books)
    })

    it('leave other querysets their rows, as in Django', async () => {
      const [live, others] = [Book.objects.live(), Book.objects.live()]
      await Promise.all([live, others])
      await live.delete()
      expect(await stage.sends(0, () => others.count())).to.equal(2)
    })
  })

  it('gives a fresh array each time, of the same instances', async () => {
    const authors = ordered()
    const rows = await authors
    const [first] = rows
    rows.length = 0
    const again = await authors
    expect(names(again)).to.deep.equal(everyone)
    expect(again[0]).to.equal(first)
  })

  it('a chained call begins with nothing known and changes nothing', async () => {
    const authors = ordered()
    const found = await stage.sends(2, () => Promise.all([authors, authors.filter({ id__gt: 1 })]))
    expect(found.map(names)).to.deep.equal([everyone, ['Mary Ann', 'Charlotte']])
    expect(names(await stage.sends(0, () => authors))).to.deep.equal(everyone)
  })

  describe('a failure', () => {
    it('is thrown to those who wait; the next read tries again', async () => {
      const ghosts = Ghost.objects.all()
      const errors = await stage.sends(1, () =>
        Promise.all([rejection(ghosts), rejection(ghosts.fetch()), rejection(ghosts.count())]),
      )
      expect(errors[0]).to.have.property('code')
      expect(new Set(errors)).to.have.property('size', 1)
      await stage.sends(1, () => rejection(ghosts))
      await createGhosts(stage, 'Boo')
      expect(await stage.sends(1, () => ghosts.count())).to.equal(1)
      expect(await stage.sends(1, async () => (await ghosts)[0]?.name)).to.equal('Boo')
    })

    it('of one question says nothing of another', async () => {
      const ghosts = Ghost.objects.all()
      await stage.sends(2, () =>
        Promise.all([rejection(ghosts.count()), rejection(ghosts.first())]),
      )
    })

    it('of the rows is that of a slice that waits for them, which then tries on its own', async () => {
      const ghosts = Ghost.objects.orderBy('id')
      await stage.sends(1, async () => {
        const fetching = ghosts.fetch()
        const slice = ghosts.slice(0, 1)
        const [error, same] = await Promise.all([rejection(fetching), rejection(slice)])
        expect(same).to.equal(error)
      })
      const fetching = rejection(ghosts.fetch())
      const slice = ghosts.slice(0, 1)
      await rejection(slice)
      await fetching
      await createGhosts(stage, 'Boo')
      const sql = await stage.sqlOf(() => slice.fetch())
      expect(sql).to.have.lengthOf(1)
      expect(sql[0]).to.contain('limit')
    })
  })
})
