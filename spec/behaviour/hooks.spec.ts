/** Listeners: what they are told, in which order, and what becomes of a write that one of them stops. */
import { expect } from 'chai'
import {
  atomic,
  type HasFields,
  ImproperlyConfigured,
  InvalidValueError,
  m2mChanged,
  onCommit,
  postDelete,
  postSave,
  preDelete,
  preSave,
  ValidationError,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import {
  Author,
  Book,
  Chapter,
  Contribution,
  NEXT_ID,
  named,
  Person,
  Profile,
  Publisher,
  Tag,
  useBookshop,
} from './support/bookshop.ts'
import { isControl } from './support/schema.ts'
import { rejection, thrown } from './support/stage.ts'

describeOnEach('hooks', (kind) => {
  const shop = useBookshop(kind)
  let offs: (() => void)[] = []
  let told: unknown[] = []
  const until = (...added: (() => void)[]): void => {
    offs.push(...added)
  }
  beforeEach(() => {
    told = []
  })
  afterEach(() => {
    for (const off of offs) off()
    offs = []
  })

  const author = (id: number) => Author.objects.get({ id })
  const book = (id: number) => Book.objects.get({ id })
  /** The statements that `work` sends, transactions aside. */
  const statements = async (work: () => unknown): Promise<string[]> =>
    (await shop.sqlOf(work)).filter((sql) => !isControl(sql))
  /** Notes what is told of saves and deletions of a model. */
  const note = <M extends HasFields<object>>(
    model: abstract new (...given: never[]) => M,
  ): void => {
    const saves = (event: { phase: string; kind: string; database: unknown }): void => {
      const { phase, kind, database, ...rest } = event
      expect(database).to.equal(shop.db)
      told.push([`${phase} ${kind}`, rest])
    }
    const deletions = ({ phase, instance }: { phase: string; instance: object }): void => {
      told.push(`${phase} delete ${instance.constructor.name} ${named([instance])[0]}`)
    }
    until(preSave(model, saves), postSave(model, saves))
    until(preDelete(model, deletions), postDelete(model, deletions))
  }
  const stop = (): never => {
    throw new RangeError('stop')
  }

  describe('of saves', () => {
    it('save() tells before and after, of a new row and of a saved one', async () => {
      note(Author)
      const ann = new Author({ name: 'New' })
      await shop.sends(1, () => ann.save())
      const saving = { instance: ann, created: true, updateFields: null }
      expect(told).to.deep.equal([
        ['pre save', saving],
        ['post save', saving],
      ])
      told = []
      ann.name = 'Newer'
      await shop.sends(1, () => ann.save({ fields: ['name'] }))
      const updating = { instance: ann, created: false, updateFields: ['name'] }
      expect(told).to.deep.equal([
        ['pre save', updating],
        ['post save', updating],
      ])
    })

    it('save() tells even when nothing has changed, and sends nothing', async () => {
      note(Author)
      const ann = await author(1)
      expect(await statements(() => ann.save())).to.deep.equal([])
      expect(told).to.have.length(2)
    })

    it('create(), getOrCreate() and updateOrCreate() are saves', async () => {
      const kinds: unknown[] = []
      until(
        postSave(Tag, (event) => {
          kinds.push(event.kind === 'save' ? [event.created, event.instance.name] : event.kind)
        }),
      )
      await Tag.objects.create({ name: 'a' })
      await Tag.objects.getOrCreate({ name: 'a' })
      await Tag.objects.getOrCreate({ name: 'b' })
      await Tag.objects.updateOrCreate({ name: 'b' }, { defaults: { name: 'c' } })
      expect(kinds).to.deep.equal([
        [true, 'a'],
        [true, 'b'],
        [false, 'c'],
      ])
    })

    it('listeners are awaited, in the order in which they were registered', async () => {
      const later = async (name: string): Promise<void> => {
        await Tag.objects.count()
        told.push(name)
      }
      until(postSave(Author, () => later('third')))
      until(preSave(Author, () => later('first')))
      until(preSave(Author, () => told.push('second')))
      until(postSave(Author, () => told.push('fourth')))
      await Author.objects.create({ name: 'New' })
      expect(told).to.deep.equal(['first', 'second', 'third', 'fourth'])
    })

    it('what preSave changes is validated and written', async () => {
      until(
        preSave(Author, (event) => {
          if (event.kind === 'save') event.instance.name = event.instance.name.trim()
          if (event.kind !== 'bulkCreate' && event.kind !== 'bulkUpdate') return
          for (const instance of event.instances) instance.name += '!'
        }),
      )
      const ann = await Author.objects.create({ name: ' New ' })
      await ann.refreshFromDb()
      expect(ann.name).to.equal('New')
      const [bulk] = await Author.objects.bulkCreate([{ name: 'Bulk' }])
      await Author.objects.bulkUpdate([ann], ['name'])
      const names = await Author.objects.filter({ id__gt: 100 }).orderBy('id')
      expect(named(names)).to.deep.equal(['New!', 'Bulk!'])
      expect(bulk?.name).to.equal('Bulk!')
      const tooLong = rejection(Author.objects.create({ name: 'x'.repeat(51) }))
      expect(await tooLong).to.be.instanceOf(ValidationError)
    })

    it('what a listener does is saved with the write, and seen by it', async () => {
      until(
        postSave(Author, async (event) => {
          if (event.kind !== 'save' || !event.created) return
          await Profile.objects.create({ bio: 'made', author: event.instance })
          onCommit(() => told.push('saved'))
          told.push(await Author.objects.filter({ name: 'New' }).count())
        }),
      )
      const sql = await shop.sqlOf(() => Author.objects.create({ name: 'New' }))
      expect(sql.filter(isControl)).to.have.length(2)
      expect(told).to.deep.equal([1, 'saved'])
      const { bio } = await Profile.objects.get({ author__name: 'New' })
      expect(bio).to.equal('made')
    })

    it('a listener that throws undoes all of it, and the instance is as it was', async () => {
      until(
        postSave(Author, async () => {
          await Tag.objects.create({ name: 'of the listener' })
          stop()
        }),
      )
      const fresh = new Author({ name: 'New' })
      expect(await rejection(fresh.save())).to.be.instanceOf(RangeError)
      expect(fresh.pk).to.equal(undefined)
      const ann = await author(1)
      ann.name = 'Other'
      expect(await rejection(ann.save())).to.be.instanceOf(RangeError)
      expect(await shop.left('authors', 'name')).to.deep.equal(['Ann', 'Bob', 'Cyd'])
      expect(await shop.left('tags')).to.deep.equal([1, 2, 3])
      for (const off of offs) off()
      await shop.sends(2, async () => {
        await fresh.save()
        await ann.save()
      })
      expect(await shop.left('authors', 'name')).to.deep.equal(['Bob', 'Cyd', 'New', 'Other'])
    })

    it('in a transaction only the write is undone, and the transaction goes on', async () => {
      until(
        preSave(Author, (event) => {
          if (event.kind === 'save' && event.instance.name === 'Bad') stop()
        }),
      )
      await atomic(async () => {
        await Author.objects.create({ name: 'Good' })
        const bad = Author.objects.create({ name: 'Bad' })
        expect(await rejection(bad)).to.be.instanceOf(RangeError)
        await Author.objects.create({ name: 'Also good' })
      })
      expect(await Author.objects.filter({ id__gt: 100 }).count()).to.equal(2)
    })

    it('writes side by side in a transaction are all told and all done', async () => {
      note(Author)
      const names = ['a', 'b', 'c', 'd']
      await atomic(() => Promise.all(names.map((name) => Author.objects.create({ name }))))
      await Promise.all(names.map((name) => Author.objects.create({ name })))
      expect(told).to.have.length(16)
      expect(await Author.objects.filter({ name__in: names }).count()).to.equal(8)
    })

    it('a listener may save its own instance, and is told again', async () => {
      until(
        postSave(Author, async (event) => {
          if (event.kind !== 'save') return
          told.push(event.created)
          if (!event.created) return
          event.instance.name += '!'
          await event.instance.save()
        }),
      )
      const ann = await Author.objects.create({ name: 'New' })
      await atomic(async () => {
        await Author.objects.create({ name: 'Inside' })
      })
      expect(told).to.deep.equal([true, false, true, false])
      expect(await shop.left('authors', 'name')).to.include.members(['New!', 'Inside!'])
      await shop.sends(0, () => ann.save())
    })

    it('saves of one instance at once are told one after the other, and insert one row', async () => {
      note(Author)
      const both = async (name: string): Promise<void> => {
        const one = new Author({ name })
        await Promise.all([one.save(), one.save()])
      }
      await both('a')
      await atomic(() => both('b'))
      const events = told.map((event) => (event as [string, { created: boolean }])[1].created)
      expect(events).to.deep.equal([true, true, false, false, true, true, false, false])
      expect(await Author.objects.filter({ name__in: ['a', 'b'] }).count()).to.equal(2)
    })

    it('a save waits for one whose listener has saved the instance and goes on', async () => {
      const one = new Author({ name: 'a' })
      let open = (): void => {}
      const gate = new Promise<void>((resolve) => {
        open = resolve
      })
      const saved = new Promise<void>((resolve) => {
        until(
          postSave(Author, async (event) => {
            if (event.kind !== 'save' || !event.created) return
            one.name = 'b'
            await one.save()
            resolve()
            await gate
          }),
        )
      })
      until(preSave(Author, () => told.push(one.name)))
      // So that it need not be waited for: a second connection.
      await Promise.all([1, 2, 3].map(() => Tag.objects.count()))
      const first = one.save()
      await saved
      one.name = 'c'
      const second = one.save()
      second.catch(() => {})
      for (let turn = 0; turn < 50; turn += 1) await new Promise((next) => setImmediate(next))
      expect(told).to.deep.equal(['a', 'b'])
      open()
      await Promise.all([first, second])
      expect(await shop.left('authors', 'name')).to.deep.equal(['Ann', 'Bob', 'Cyd', 'c'])
    })

    it('bulkCreate() is told once, with all instances', async () => {
      note(Tag)
      const tags = await shop.sends(1, () => Tag.objects.bulkCreate([{ name: 'a' }, { name: 'b' }]))
      expect(told).to.deep.equal([
        ['pre bulkCreate', { instances: tags }],
        ['post bulkCreate', { instances: tags }],
      ])
      expect(tags.map(({ id }) => id)).to.deep.equal([NEXT_ID, NEXT_ID + 1])
      await Tag.objects.bulkCreate([])
      expect(told).to.have.length(2)
    })

    it('a listener that throws undoes bulkCreate(), whose instances are new again', async () => {
      until(postSave(Tag, stop))
      const tags = [new Tag({ name: 'a' }), new Tag({ name: 'b' })]
      expect(await rejection(Tag.objects.bulkCreate(tags))).to.be.instanceOf(RangeError)
      expect(tags.map(({ pk }) => pk)).to.deep.equal([undefined, undefined])
      expect(await shop.left('tags')).to.deep.equal([1, 2, 3])
    })

    it('bulkUpdate() is told once, with the instances and fields', async () => {
      const tags = await Tag.objects.orderBy('id')
      note(Tag)
      for (const tag of tags) tag.name += '!'
      expect(await shop.sends(1, () => Tag.objects.bulkUpdate(tags, ['name']))).to.equal(3)
      expect(told).to.deep.equal([
        ['pre bulkUpdate', { instances: tags, fields: ['name'] }],
        ['post bulkUpdate', { instances: tags, fields: ['name'] }],
      ])
      const wrong = Tag.objects.bulkUpdate([await author(1)] as never, ['name'])
      expect(await rejection(wrong)).to.be.instanceOf(InvalidValueError)
      await Tag.objects.bulkUpdate([], ['name'])
      expect(told).to.have.length(2)
    })

    it('update() is told with a queryset and fields, and loads nothing', async () => {
      const rows: string[][] = []
      until(
        preSave(Book, async (event) => {
          if (event.kind !== 'update') return
          told.push(event.fields, event.queryset.constructor)
          rows.push(named(await event.queryset.orderBy('id')))
        }),
      )
      const thick = Book.objects.filter({ pages__gte: 30 })
      expect(await shop.sends(2, () => thick.update({ pages: 1, editor: 1 }))).to.equal(2)
      expect(told).to.deep.equal([
        ['pages', 'editorId'],
        (Book.objects.all() as object).constructor,
      ])
      expect(rows).to.deep.equal([['C', 'D']])
      for (const off of offs) off()
      note(Book)
      await shop.sends(1, () => thick.update({ pages: 1 }))
      await shop.sends(0, () => Book.objects.filter({ pk__in: [] }).update({ pages: 1 }))
      expect(told.slice(2).map((event) => (event as unknown[])[0])).to.deep.equal([
        'pre update',
        'post update',
      ])
    })

    it('add() of a reverse foreign key is an update', async () => {
      const [a, bob] = [await book(1), await author(2)]
      note(Chapter)
      note(Author)
      await a.chapters.add(3)
      await a.chapters.clear()
      expect(told.map((event) => (event as unknown[])[0])).to.deep.equal([
        'pre update',
        'post update',
        'pre update',
        'post update',
      ])
      const [first] = told as [string, { fields: string[]; queryset: PromiseLike<Chapter[]> }][]
      expect(first?.[1].fields).to.deep.equal(['bookId'])
      for (const off of offs) off()
      until(postSave(Author, stop))
      const cyd = await author(3)
      expect(await rejection(bob.students.add(cyd))).to.be.instanceOf(RangeError)
      expect(cyd.mentorId).to.equal(null)
      expect(await Author.objects.filter({ mentor: bob }).exists()).to.equal(false)
    })
  })

  describe('of deletions', () => {
    it('instance.delete() tells of that instance, which has its key until it is gone', async () => {
      const keys: unknown[] = []
      const tag = await Tag.objects.get({ id: 3 })
      until(
        preDelete(Tag, async ({ instance }) => {
          expect(instance).to.equal(tag)
          keys.push(instance.pk, await Tag.objects.contains(instance))
        }),
        postDelete(Tag, async ({ instance }) => {
          keys.push(instance.pk, await Tag.objects.contains(instance))
        }),
      )
      expect(await tag.delete()).to.deep.equal([1, { Tag: 1 }])
      expect(keys).to.deep.equal([3, true, 3, false])
      expect(tag.pk).to.equal(null)
    })

    it('it is that instance too where not all of it was loaded', async () => {
      const slim = await Publisher.objects.only('name').get({ id: 1 })
      until(
        preDelete(Publisher, ({ instance }) => {
          told.push(instance === slim)
        }),
      )
      expect(await slim.delete()).to.deep.equal([1, { Publisher: 1 }])
      expect(told).to.deep.equal([true])
    })

    it('a queryset loads the rows to tell of them only when somebody listens', async () => {
      const some = Contribution.objects.filter({ role: 'friend' })
      const all = Contribution.objects.all()
      expect(await statements(() => some.delete())).to.have.length(1)
      until(
        postDelete(Contribution, ({ instance }) => {
          told.push(instance.role)
        }),
      )
      const sql = await statements(async () => {
        expect(await all.delete()).to.deep.equal([1, { Contribution: 1 }])
      })
      expect(sql.map((text) => text.slice(0, 6))).to.deep.equal(['select', 'delete'])
      expect(told).to.deep.equal(['editor'])
    })

    it('rows that go with others are told too, all before the first is deleted', async () => {
      note(Author)
      note(Book)
      note(Chapter)
      const bob = await author(2)
      const sizes: number[] = []
      until(
        preDelete(Author, async () => {
          sizes.push(await Book.objects.count(), await Chapter.objects.count())
        }),
      )
      await bob.delete()
      expect(told).to.deep.equal([
        'pre delete Chapter D.1',
        'pre delete Book D',
        'pre delete Author Bob',
        'post delete Chapter D.1',
        'post delete Book D',
        'post delete Author Bob',
      ])
      expect(sizes).to.deep.equal([4, 4])
      expect(await shop.left('chapters')).to.deep.equal([1, 2, 4])
    })

    it('the same rows are deleted and reported as when nobody listens', async () => {
      const remove = async (): Promise<unknown> => {
        let report: unknown
        const undo = atomic(async () => {
          report = await Author.objects.filter({ id__in: [1, 2] }).delete()
          stop()
        })
        expect(await rejection(undo)).to.be.instanceOf(RangeError)
        return report
      }
      const unheard = await remove()
      note(Author)
      note(Chapter)
      note(Contribution)
      expect(await remove()).to.deep.equal(unheard)
      expect(told).to.have.length(14)
    })

    it('a listener that throws keeps all rows, and the instance is saved as before', async () => {
      until(postDelete(Chapter, stop))
      const bob = await author(2)
      expect(await rejection(bob.delete())).to.be.instanceOf(RangeError)
      expect(bob.pk).to.equal(2)
      expect(await shop.left('authors')).to.deep.equal([1, 2, 3])
      expect(await shop.left('chapters')).to.deep.equal([1, 2, 3, 4])
      await shop.sends(0, () => bob.save())
    })

    it('rows of a queryset of some columns are told whole', async () => {
      until(
        preDelete(Chapter, ({ instance }) => {
          told.push(instance.bookId)
        }),
      )
      await Chapter.objects.only('title').filter({ title: 'D.1' }).delete()
      expect(told).to.deep.equal([4])
    })
  })

  describe('of many-to-many relations', () => {
    const noteTags = (): void => {
      until(
        m2mChanged(Book, ({ phase, action, relation, keys, instance, kind, database }) => {
          expect([kind, database]).to.deep.equal(['m2m', shop.db])
          told.push([phase, action, relation, keys, instance.title])
        }),
      )
    }

    it('add() tells of what was not there, remove() of what it was given, clear() of all', async () => {
      noteTags()
      const a = await book(1)
      await shop.sends(2, () => a.tags.add(1, 2, 3))
      await a.tags.add(2)
      await shop.sends(1, () => a.tags.remove(1, 3))
      await shop.sends(1, () => a.tags.clear())
      expect(told).to.deep.equal([
        ['pre', 'add', 'tags', [2, 3], 'A'],
        ['post', 'add', 'tags', [2, 3], 'A'],
        ['pre', 'remove', 'tags', [1, 3], 'A'],
        ['post', 'remove', 'tags', [1, 3], 'A'],
        ['pre', 'clear', 'tags', null, 'A'],
        ['post', 'clear', 'tags', null, 'A'],
      ])
    })

    it('set() is a remove and an add, or a clear and an add', async () => {
      noteTags()
      const b = await book(2)
      await b.tags.set([2, 3])
      await b.tags.set([1], { clear: true })
      await b.tags.create({ name: 'made' })
      const post = told.filter((event) => (event as string[])[0] === 'post')
      expect(post).to.deep.equal([
        ['post', 'remove', 'tags', [1], 'B'],
        ['post', 'add', 'tags', [3], 'B'],
        ['post', 'clear', 'tags', null, 'B'],
        ['post', 'add', 'tags', [1], 'B'],
        ['post', 'add', 'tags', [NEXT_ID], 'B'],
      ])
    })

    it('the other side has listeners of its own, and so have rows of a through model', async () => {
      noteTags()
      until(m2mChanged(Tag, ({ phase, relation }) => told.push([phase, relation])))
      const tag = await Tag.objects.get({ id: 3 })
      await tag.books.add(1)
      expect(told).to.deep.equal([
        ['pre', 'books'],
        ['post', 'books'],
      ])
      told = []
      until(
        postSave(Contribution, ({ kind }) => told.push(kind)),
        postDelete(Contribution, ({ instance }) => told.push(`gone: ${instance.personId}`)),
      )
      const a = await book(1)
      await a.contributors.add(3)
      await a.contributors.remove(2)
      expect(told).to.deep.equal([
        ['pre', 'add', 'contributors', [3], 'A'],
        'bulkCreate',
        ['post', 'add', 'contributors', [3], 'A'],
        ['pre', 'remove', 'contributors', [2], 'A'],
        'gone: 2',
        ['post', 'remove', 'contributors', [2], 'A'],
      ])
    })

    it('a listener that throws undoes the change, all of set()', async () => {
      const b = await book(2)
      until(
        m2mChanged(Book, ({ phase, action }) => {
          if (phase === 'post' && action === 'add') stop()
        }),
      )
      expect(await rejection(b.tags.set([2, 3]))).to.be.instanceOf(RangeError)
      expect(named(await b.tags.orderBy('id'))).to.deep.equal(['old', 'new'])
      expect(await rejection(b.tags.create({ name: 'made' }))).to.be.instanceOf(RangeError)
      expect(await shop.left('tags')).to.deep.equal([1, 2, 3])
    })

    it('friends are told once, with the keys that were given', async () => {
      until(m2mChanged(Person, ({ phase, keys }) => told.push([phase, keys])))
      const p = await Person.objects.get({ id: 1 })
      await p.friends.add(2, 3)
      expect(told).to.deep.equal([
        ['pre', [2, 3]],
        ['post', [2, 3]],
      ])
    })
  })

  it('without listeners there is no transaction, and a listener hears nothing once it is off', async () => {
    const offs = [
      preSave(Tag, () => told.push('a')),
      preSave(Tag, () => told.push('b')),
      postSave(Tag, () => told.push('c')),
    ]
    await Tag.objects.create({ name: 'x' })
    expect(told).to.deep.equal(['a', 'b', 'c'])
    offs[0]?.()
    offs[0]?.()
    await Tag.objects.create({ name: 'y' })
    expect(told).to.deep.equal(['a', 'b', 'c', 'b', 'c'])
    for (const off of offs) off()
    const sql = await shop.sqlOf(async () => {
      const tag = await Tag.objects.create({ name: 'z' })
      tag.name = 'Z'
      await tag.save()
      await Tag.objects.filter({ id: tag.id }).update({ name: 'zz' })
      await Contribution.objects.filter({ id: 1 }).delete()
    })
    expect(sql).to.have.length(4)
    expect(told).to.have.length(5)
  })

  it('a listener may take itself off: those behind it are told as before', async () => {
    const off = postSave(Tag, () => {
      told.push('once')
      off()
    })
    until(off)
    until(postSave(Tag, () => told.push('always')))
    await Tag.objects.create({ name: 'x' })
    await Tag.objects.create({ name: 'y' })
    expect(told).to.deep.equal(['once', 'always', 'always'])
  })

  it('a model hears nothing of another, and what is no model or function is refused', async () => {
    note(Author)
    await Tag.objects.create({ name: 'x' })
    expect(told).to.deep.equal([])
    const noModel = thrown(() => preSave({} as never, () => {}))
    expect(noModel).to.be.instanceOf(ImproperlyConfigured)
    const noFunction = thrown(() => m2mChanged(Tag, undefined as never))
    expect(noFunction).to.be.instanceOf(InvalidValueError)
    expect(noFunction.message).to.equal(
      'm2mChanged() takes a function: m2mChanged(Tag, (event) => { … }).',
    )
  })
})
