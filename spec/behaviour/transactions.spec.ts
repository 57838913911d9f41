/** Querysets, instances and starts inside `atomic()`. */
import { AsyncResource } from 'node:async_hooks'
import { expect } from 'chai'
import {
  atomic,
  F,
  onCommit,
  type RelatedManager,
  SerializationError,
  TransactionBrokenError,
  TransactionError,
  Upper,
  Value,
} from '../../lib/index.ts'
import { gate } from '../database/helpers.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import { Author, Book, Ghost, Tag } from './support/library.ts'
import { createGhosts, rejection, until, useStage } from './support/stage.ts'

const tagNames = () => Tag.objects.orderBy('id').valuesList('name', { flat: true })
const add = (...names: string[]) => Tag.objects.bulkCreate(names.map((name) => ({ name })))

describeOnEach('transactions', (kind) => {
  const stage = useStage(kind)

  it('everything inside joins: querysets, managers, instances', async () => {
    const sql = await stage.sqlOf(() =>
      atomic(async () => {
        const tag = await Tag.objects.create({ name: 'a' })
        tag.name = 'b'
        await tag.save()
        await Tag.objects.filter({ name: 'b' }).update({ name: 'c' })
        expect(await tagNames()).to.deep.equal(['c'])
      }),
    )
    expect(sql).to.have.lengthOf(6)
    expect(sql[0]).to.match(/^BEGIN/)
    expect(sql[5]).to.equal('COMMIT')
    expect(await tagNames()).to.deep.equal(['c'])
  })

  it('nothing is saved when the callback throws, and the error is its own', async () => {
    const reason = new Error('changed my mind')
    const error = await rejection(
      atomic(async () => {
        await add('a')
        throw reason
      }),
    )
    expect(error).to.equal(reason)
    expect(await tagNames()).to.deep.equal([])
  })

  it('a lazy queryset belongs to where it is awaited, not to where it was built', async () => {
    const outside = tagNames()
    await rejection(
      atomic(async () => {
        await add('a')
        expect(await outside.all()).to.deep.equal(['a'])
        throw new Error('undo')
      }),
    )
    const inside = await atomic(async () => {
      await add('b')
      return { names: tagNames() }
    })
    await Tag.objects.filter({ name: 'b' }).update({ name: 'c' })
    expect(await inside.names).to.deep.equal(['c'])
    expect(await outside).to.deep.equal(['c'])
  })

  it('of many writes at once none succeeds behind the one that failed', async () => {
    await add('taken')
    const names = Array.from({ length: 100 }, (_, at) => (at === 50 ? 'taken' : `tag ${at}`))
    const tags = names.map((name) => new Tag({ name }))
    let outcomes: string[] = []
    const error = await rejection(
      atomic(async () => {
        const settled = await Promise.allSettled(tags.map((tag) => tag.save()))
        outcomes = settled.map((one) => (one.status === 'fulfilled' ? 'saved' : one.reason.name))
      }),
    )
    expect(outcomes).to.deep.equal([
      ...Array(50).fill('saved'),
      'UniqueViolation',
      ...Array(49).fill('TransactionBrokenError'),
    ])
    expect(error).to.be.instanceOf(TransactionBrokenError)
    expect(tags.filter(({ pk }) => pk !== undefined)).to.deep.equal([])
    expect(await tagNames()).to.deep.equal(['taken'])
  })

  it('a queryset that the callback returns is awaited inside', async () => {
    const sql = await stage.sqlOf(async () => {
      const names = await atomic(async () => {
        await add('a')
        return tagNames()
      })
      expect(names).to.deep.equal(['a'])
    })
    expect(sql).to.have.lengthOf(4)
    expect(sql[3]).to.equal('COMMIT')
  })

  it('onCommit() waits for the data to be saved, and forgets what was rolled back', async () => {
    const seen: unknown[] = []
    await atomic(async () => {
      await add('a')
      onCommit(async () => seen.push(await tagNames()))
      await rejection(
        atomic(() => {
          onCommit(() => seen.push('never'))
          throw new Error('undo')
        }),
      )
    })
    expect(seen).to.deep.equal([['a']])
  })

  describe('starts inside', () => {
    it("run on the transaction's connection: they see what it wrote", async () => {
      const sql = await stage.sqlOf(() =>
        atomic(async () => {
          await add('a')
          const names = tagNames().startFetch()
          const count = Tag.objects.startCount()
          expect(await names).to.deep.equal(['a'])
          expect(await count.count()).to.equal(1)
        }),
      )
      expect(sql).to.have.lengthOf(5)
    })

    it('finish before COMMIT though nobody reads them, and are readable after it', async () => {
      let names = tagNames()
      const sql = await stage.sqlOf(() =>
        atomic(async () => {
          await add('a')
          names = names.all().startFetch()
        }),
      )
      expect(sql).to.have.lengthOf(4)
      expect(sql[3]).to.equal('COMMIT')
      expect(await stage.sends(0, () => names)).to.deep.equal(['a'])
    })

    it('one that is started and not awaited sees the writes before it only', async () => {
      await atomic(async () => {
        await add('a')
        const before = tagNames().startFetch()
        await add('b')
        expect(await before).to.deep.equal(['a'])
      })
    })

    for (const isRead of [true, false]) {
      const how = isRead ? 'consumed' : 'not consumed'
      it(`one that failed, ${how}, breaks the commit`, async () => {
        const kept: unknown[] = []
        const error = await rejection(
          atomic(async () => {
            await add('a')
            const ghosts = Ghost.objects.all().startFetch()
            kept.push([ghosts])
            if (isRead) await rejection(ghosts)
          }),
        )
        expect(error).to.be.instanceOf(TransactionBrokenError)
        expect(error.cause).to.have.property('code').that.is.a('string')
        expect((error.cause as Error).stack).to.contain('transactions.spec.ts')
        expect(await tagNames()).to.deep.equal([])
      })
    }

    it('nothing started inside runs outside, whatever becomes of the transaction', async () => {
      const kept: { readonly names: ReturnType<typeof tagNames> }[] = []
      const sql = await stage.sqlOf(() =>
        rejection(
          atomic(async () => {
            await add('a')
            for (let n = 0; n < 5; n += 1) kept.push({ names: tagNames().startFetch() })
            throw new Error('undo')
          }),
        ),
      )
      expect(sql[sql.length - 1]).to.equal('ROLLBACK')
      await stage.sends(0, async () => {
        for (const { names } of kept) {
          const outcome = await names.fetch().catch((error: unknown) => error)
          if (Array.isArray(outcome)) expect(outcome).to.deep.equal(['a'])
          else expect(outcome).to.be.instanceOf(Error)
        }
      })
    })

    it('after the end of the transaction a start is refused, not run outside', async () => {
      let late: Promise<unknown> | undefined
      let release: () => void = () => {}
      const ended = new Promise<void>((resolve) => {
        release = resolve
      })
      await atomic(() => {
        late = ended.then(() => Tag.objects.startCount().count())
        late.catch(() => {})
      })
      release()
      await stage.sends(0, () => rejection(late as Promise<unknown>))
    })

    it('a savepoint that heals a failed start goes on', async () => {
      await atomic(async () => {
        await add('a')
        const error = await rejection(
          atomic(async () => {
            await add('b')
            await Ghost.objects.startCount().count()
          }),
        )
        expect(error).to.have.property('code').that.is.a('string')
        await add('c')
      })
      expect(await tagNames()).to.deep.equal(['a', 'c'])
    })
  })

  describe('starts outside', () => {
    it('one that is still waiting for a connection is run by the atomic that reads it', async function () {
      this.timeout(60_000)
      if (kind.name === 'SQLite memory') {
        const counted = await atomic(async () => {
          await add('a')
          return { count: await Tag.objects.startCount().count() }
        })
        expect(counted.count).to.equal(1)
        return
      }
      // More than the pool has connections; the transaction holds one of them meanwhile.
      const starts = Array.from({ length: 40 }, () => Tag.objects.startCount())
      const counts = await atomic(async () => {
        const last = starts[starts.length - 1]
        return [await last?.count(), await starts[0]?.count()]
      })
      expect(counts).to.deep.equal([0, 0])
      expect(await Promise.all(starts.map((qs) => qs.count()))).to.deep.equal(Array(40).fill(0))
    })

    it('one is not stopped by a transaction that reads it and rolls back', async () => {
      const names = tagNames().startFetch()
      await rejection(
        atomic(async () => {
          await names
          throw new Error('undo')
        }),
      )
      expect(await stage.sends(0, () => names)).to.deep.equal([])
    })
  })

  describe('a rollback restores instances', () => {
    it('a created one is unsaved again, and a retried save() inserts it', async () => {
      const tag = new Tag({ name: 'a' })
      await rejection(
        atomic(async () => {
          await tag.save()
          expect(tag.id).to.be.a('number')
          throw new Error('undo')
        }),
      )
      expect(tag.id ?? null).to.equal(null)
      await stage.sends(1, () => tag.save())
      expect(await tagNames()).to.deep.equal(['a'])
    })

    it('one of a branch that nobody waits for is so for the retry, and stays as that leaves it', async () => {
      const tag = new Tag({ name: 'a' })
      let abandoned: Promise<unknown> | undefined
      const [saved, goOn] = [gate(), gate()]
      await atomic(
        async () => {
          if (abandoned !== undefined) return await tag.save()
          abandoned = rejection(
            atomic(async () => {
              await tag.save()
              saved.open()
              await goOn.opened
              tag.name = 'b'
              await tag.save()
            }),
          )
          await saved.opened
          throw new SerializationError('Others were faster.')
        },
        { retries: 1 },
      )
      expect(await tagNames()).to.deep.equal(['a'])
      const { id } = tag
      goOn.open()
      expect(await abandoned).to.be.instanceOf(TransactionError)
      expect([tag.id, id]).to.deep.equal([id, (await Tag.objects.get()).id])
    })

    it('one that was being added to another by a branch that nobody waits for', async () => {
      const author = await Author.objects.get({ id: 3 })
      const { books } = author as unknown as { readonly books: RelatedManager<Book> }
      const book = await Book.objects.get({ title: 'Emma' })
      const sent = gate()
      const open = ({ sql }: { sql: string }): void => {
        if (sql.startsWith('update')) sent.open()
      }
      let abandoned: Promise<unknown> | undefined
      await rejection(
        atomic(async () => {
          stage.db.knex.on('query', open)
          abandoned = rejection(atomic(() => books.add(book)))
          await sent.opened
          throw new Error('undo')
        }),
      )
      stage.db.knex.off('query', open)
      await abandoned
      await stage.sends(1, () => book.save())
      expect(await Book.objects.filter({ author }).count()).to.equal(1)
    })

    it('one that a part wrote, and the whole while that was open', async () => {
      const tag = new Tag({ name: 'a' })
      await rejection(
        atomic(async () => {
          const whole = new AsyncResource('the whole')
          let beside: Promise<void> | undefined
          await atomic(async () => {
            await tag.save()
            tag.name = 'b'
            beside = whole.runInAsyncScope(() => tag.save())
          })
          await beside
          throw new Error('undo')
        }),
      )
      expect(tag.id ?? null).to.equal(null)
      await stage.sends(1, () => tag.save())
      expect(await tagNames()).to.deep.equal(['b'])
    })

    it('a changed one is changed again, and a retried save() updates it', async () => {
      const tag = await Tag.objects.create({ name: 'a' })
      tag.name = 'b'
      await rejection(
        atomic(async () => {
          await tag.save()
          throw new Error('undo')
        }),
      )
      expect(tag.name).to.equal('b')
      await stage.sends(1, () => tag.save())
      expect(await tagNames()).to.deep.equal(['b'])
    })

    it('one with an expression computes it again, and not what it came to before', async () => {
      const more = (book: Book, pages: number) => {
        book.pages = F('pages').add(pages) as unknown as number
      }
      const writes: Readonly<Record<string, (book: Book) => Promise<unknown>>> = {
        save: (book) => book.save(),
        bulkUpdate: (book) => Book.objects.bulkUpdate([book], ['pages']),
      }
      for (const [name, write] of Object.entries(writes)) {
        const book = await Book.objects.get({ title: 'Emma' })
        await Book.objects.filter({ id: book.id }).update({ pages: 100 })
        more(book, 1)
        await rejection(
          atomic(async () => {
            await write(book)
            expect(book.pages, name).to.equal(101)
            throw new Error('undo')
          }),
        )
        await Book.objects.filter({ id: book.id }).update({ pages: 200 })
        await write(book)
        expect(book.pages, name).to.equal(201)

        more(book, 1)
        await rejection(
          atomic(async () => {
            await write(book)
            book.pages = 7
            throw new Error('undo')
          }),
        )
        expect(book.pages, name).to.equal(7)
      }
    })

    it('new ones with expressions, and those that got the values of rows that were there', async () => {
      const upper = Upper(Value('Anne'))
      const made = new Author({ name: upper as unknown as string, email: 'anne@example.org' })
      const met = new Author({ name: 'Miss Austen', email: 'jane@example.org' })
      const write = () =>
        Author.objects.bulkCreate([made, met], {
          updateConflicts: true,
          updateFields: ['name'],
          uniqueFields: ['email'],
        })
      await rejection(
        atomic(async () => {
          await write()
          expect([made.name, met.name, met.bornOn]).to.deep.equal([
            'ANNE',
            'Miss Austen',
            '1775-12-16',
          ])
          throw new Error('undo')
        }),
      )
      expect([made.id, made.name]).to.deep.equal([undefined, upper])
      expect([met.id, met.name, met.bornOn]).to.deep.equal([undefined, 'Miss Austen', null])
      await write()
      expect([made.name, met.id, met.bornOn]).to.deep.equal(['ANNE', 1, '1775-12-16'])
    })

    it('a deleted one is there again', async () => {
      const tag = await Tag.objects.create({ name: 'a' })
      const { id } = tag
      await rejection(
        atomic(async () => {
          await tag.delete()
          throw new Error('undo')
        }),
      )
      expect(tag.id).to.equal(id)
      tag.name = 'b'
      await stage.sends(1, () => tag.save())
      expect(await tagNames()).to.deep.equal(['b'])
    })

    it('a refreshed one: what it read was never there, so save() writes it', async () => {
      const tag = await Tag.objects.create({ name: 'a' })
      await rejection(
        atomic(async () => {
          await Tag.objects.update({ name: 'b' })
          await tag.refreshFromDb()
          expect(tag.name).to.equal('b')
          throw new Error('undo')
        }),
      )
      await tag.save()
      expect(await tagNames()).to.deep.equal([tag.name])
    })

    it('of a savepoint: only what was written in it', async () => {
      const [outer, inner] = [new Tag({ name: 'outer' }), new Tag({ name: 'inner' })]
      await atomic(async () => {
        await outer.save()
        await rejection(
          atomic(async () => {
            await inner.save()
            outer.name = 'changed'
            await outer.save()
            throw new Error('undo')
          }),
        )
        expect(inner.id ?? null).to.equal(null)
        expect(outer.id).to.be.a('number')
        await stage.sends(2, async () => {
          await inner.save()
          await outer.save()
        })
      })
      expect(await tagNames()).to.deep.equal(['changed', 'inner'])
    })

    it('of the outermost: what a released savepoint wrote too, and bulkCreate()', async () => {
      const tags = [new Tag({ name: 'a' }), new Tag({ name: 'b' })]
      const single = new Tag({ name: 'c' })
      await rejection(
        atomic(async () => {
          await Tag.objects.bulkCreate(tags)
          await atomic(() => single.save())
          expect([...tags, single].map(({ id }) => typeof id)).to.deep.equal(
            Array(3).fill('number'),
          )
          throw new Error('undo')
        }),
      )
      expect([...tags, single].map(({ id }) => id ?? null)).to.deep.equal([null, null, null])
      await Promise.all([Tag.objects.bulkCreate(tags), single.save()])
      expect((await tagNames()).sort()).to.deep.equal(['a', 'b', 'c'])
    })

    it('after a failed commit too', async () => {
      const tag = new Tag({ name: 'a' })
      await rejection(
        atomic(async () => {
          await tag.save()
          await rejection(Ghost.objects.count())
        }),
      )
      expect(tag.id ?? null).to.equal(null)
      await stage.sends(1, () => tag.save())
      expect(await tagNames()).to.deep.equal(['a'])
    })

    it('an insert that failed outside leaves the instance unsaved', async () => {
      await add('a')
      const tag = new Tag({ name: 'a' })
      expect(await rejection(tag.save())).to.have.property('code', 'UNIQUE_VIOLATION')
      expect(tag.id ?? null).to.equal(null)
      tag.name = 'b'
      await tag.save()
      expect(await tagNames()).to.deep.equal(['a', 'b'])
    })
  })

  it('getOrCreate() and updateOrCreate() inside keep the transaction usable', async () => {
    await add('a')
    await atomic(async () => {
      const [found, isNew] = await Tag.objects.getOrCreate({ name: 'a' })
      expect([found.name, isNew]).to.deep.equal(['a', false])
      const [made, isMade] = await Tag.objects.getOrCreate({ name: 'b' })
      expect([made.name, isMade]).to.deep.equal(['b', true])
    })
    expect(await tagNames()).to.deep.equal(['a', 'b'])
  })

  it('a swallowed error of a statement breaks the commit', async () => {
    await add('a')
    const error = await rejection(
      atomic(async () => {
        await add('b')
        await rejection(add('a'))
        return 'looks fine'
      }),
    )
    expect(error).to.be.instanceOf(TransactionBrokenError)
    expect(error.cause).to.have.property('code', 'UNIQUE_VIOLATION')
    expect(await tagNames()).to.deep.equal(['a'])
  })

  it('two transactions at once keep to themselves', async () => {
    if (kind.dialect === 'sqlite') return
    let isIn = false
    const first = atomic(async () => {
      await add('a')
      isIn = true
      await until(() => !isIn)
      return await tagNames()
    })
    await until(() => isIn)
    expect(await tagNames()).to.deep.equal([])
    expect(await atomic(() => tagNames())).to.deep.equal([])
    isIn = false
    expect(await first).to.deep.equal(['a'])
  })

  it('counts added in parallel are all added', async () => {
    await Promise.all(
      Array.from({ length: 10 }, () =>
        atomic(() => Book.objects.filter({ id: 1 }).update({ pages: F('pages').add(1) })),
      ),
    )
    expect((await Book.objects.get({ id: 1 })).pages).to.equal(484)
  })

  it('a table made outside is there inside', async () => {
    await createGhosts(stage, 'Boo')
    expect(await atomic(() => Ghost.objects.startFirst().first())).to.have.property('name', 'Boo')
    expect(await Author.objects.count()).to.equal(3)
  })
})

describeOnEach(
  '1,000 starts on a pool',
  (kind) => {
    const stage = useStage(kind)

    it('all finish, while transactions come and go', async function () {
      this.timeout(60_000)
      const starts = Array.from({ length: 1000 }, (_, at) =>
        Author.objects.filter({ id: (at % 3) + 1 }).startGet(),
      )
      const made = Array.from({ length: 20 }, (_, at) =>
        atomic(async () => {
          await Tag.objects.create({ name: `tag ${at}` })
          return await starts[at * 50]?.get()
        }),
      )
      const authors = await Promise.all(starts.map((author) => author.get()))
      expect(authors.map(({ id }) => id)).to.deep.equal(starts.map((_, at) => (at % 3) + 1))
      await Promise.all(made)
      expect(await stage.sends(1, () => Tag.objects.count())).to.equal(20)
    })
  },
  databases.filter(({ name }) => name !== 'SQLite memory'),
)
