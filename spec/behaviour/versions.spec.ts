/** Rows that count their writes: of two that read the same one, the second to write is told. */
import { expect } from 'chai'
import {
  AsyncManager,
  F,
  FieldError,
  fields,
  ImproperlyConfigured,
  Model,
  NotLoadedError,
  type RelatedManager,
  StaleObjectError,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { useSchema } from './support/schema.ts'
import { rejection, thrown } from './support/stage.ts'

class Folder extends Model('folders', {
  name: fields.text(),
  revision: fields.version({ column: 'rev' }),
}) {
  static objects = new AsyncManager(Folder)
  declare readonly pages: RelatedManager<Page>
}

class Page extends Model('pages', {
  slug: fields.text({ unique: true }),
  text: fields.text({ default: '' }),
  savedAt: fields.dateTime({ autoNow: true }),
  folder: fields.foreignKey(Folder, { onDelete: 'setNull', null: true, relatedName: 'pages' }),
  version: fields.version(),
}) {
  static objects = new AsyncManager(Page)
}

describeOnEach('fields.version()', (kind) => {
  const schema = useSchema(kind, [Folder, Page], async (knex) => {
    await knex.schema.createTable('folders', (table) => {
      table.increments()
      table.text('name').notNullable()
      table.integer('rev').notNullable()
    })
    await knex.schema.createTable('pages', (table) => {
      table.increments()
      table.text('slug').notNullable().unique()
      table.text('text').notNullable()
      table.timestamp('saved_at').notNullable()
      table.integer('folder_id').references('folders.id').onDelete('SET NULL')
      table.integer('version').notNullable()
    })
  })
  const versions = (): Promise<number[]> =>
    Page.objects.orderBy('id').valuesList('version', { flat: true }).fetch()
  const two = async (): Promise<[Page, Page]> => {
    const mine = await Page.objects.create({ slug: 'a' })
    return [mine, await Page.objects.get({ pk: mine.pk })]
  }

  it('is 1 in a new row, and one more after each save', async () => {
    const page = await schema.sends(1, () => Page.objects.create({ slug: 'a' }))
    expect(page.version).to.equal(1)
    page.text = 'new'
    const sql = await schema.sqlOf(() => page.save())
    const [text, savedAt, version] = kind.dialect === 'sqlite' ? '???' : ['$1', '$2', '$3']
    const [pk, known] = kind.dialect === 'sqlite' ? '??' : ['$4::bigint', '$5']
    expect(sql).to.deep.equal([
      `update "pages" set "text" = ${text}, "saved_at" = ${savedAt}, "version" = ${version} where "pages"."id" = ${pk} and "pages"."version" = ${known}`,
    ])
    expect(page.version).to.equal(2)
    await schema.sends(0, () => page.save())
    page.text = F('slug') as never
    await page.save()
    expect([page.text, page.version]).to.deep.equal(['a', 3])
    expect(await versions()).to.deep.equal([3])
  })

  it('save() of an instance that others wrote before changes nothing', async () => {
    const [mine, theirs] = await two()
    theirs.text = 'theirs'
    await theirs.save()
    mine.text = 'mine'
    const before = { ...mine }
    const error = await schema.sends(1, () => rejection(mine.save()))
    expect(error).to.be.instanceOf(StaleObjectError).and.have.property('code', 'STALE_OBJECT')
    expect({ ...mine }).to.deep.equal(before)
    expect(await rejection(mine.save({ fields: ['text'] }))).to.be.instanceOf(StaleObjectError)
    expect((await Page.objects.get({ slug: 'a' })).text).to.equal('theirs')
    await mine.refreshFromDb()
    mine.text = 'mine'
    await mine.save()
    expect(await versions()).to.deep.equal([3])
    await Page.objects.delete()
    mine.text = 'late'
    expect(await rejection(mine.save())).to.be.instanceOf(StaleObjectError)
  })

  it('holds for the version that a form sent back, and for rows that only() loaded', async () => {
    const page = await Page.objects.create({ slug: 'a' })
    await Page.objects.update({ text: 'later' })
    const read = await Page.objects.only('text').get({ pk: page.pk })
    read.text = 'mine'
    await read.save()
    expect(await versions()).to.deep.equal([3])
    const again = await Page.objects.get({ pk: page.pk })
    await schema.sends(0, () => again.save())
    again.version = 2
    expect(await rejection(again.save())).to.be.instanceOf(StaleObjectError)
    again.text = 'of an old form'
    expect(await rejection(again.save())).to.be.instanceOf(StaleObjectError)
    again.version = 3
    await again.save()
    expect([again.version, ...(await versions())]).to.deep.equal([4, 4])
  })

  it('that raw() left out is missed before any SQL, by all that count on from it', async () => {
    const folder = await Folder.objects.create({ name: 'f' })
    await Page.objects.create({ slug: 'a', folder })
    const [page] = await Page.objects.raw('select id, slug, text, folder_id from pages')
    if (page === undefined) throw new Error('No page.')
    page.text = 'new'
    for (const write of [
      () => Page.objects.bulkUpdate([page], ['text']),
      () => folder.pages.add(page),
      () => folder.pages.remove(page),
      () => page.save(),
      () => page.delete(),
    ]) {
      const error = await schema.sends(0, () => rejection(write()))
      expect(error, String(write)).to.be.instanceOf(NotLoadedError)
    }
    expect(await versions()).to.deep.equal([1])
  })

  it('delete() of an instance that others wrote before deletes nothing', async () => {
    const [mine, theirs] = await two()
    theirs.text = 'theirs'
    await theirs.save()
    expect(await rejection(mine.delete())).to.be.instanceOf(StaleObjectError)
    expect(await Page.objects.count()).to.equal(1)
    expect(await theirs.delete()).to.deep.equal([1, { Page: 1 }])
    expect(await rejection(mine.delete())).to.be.instanceOf(StaleObjectError)
    const folder = await Folder.objects.create({ name: 'f' })
    const old = await Folder.objects.get({ pk: folder.pk })
    folder.name = 'g'
    await folder.save()
    expect(await rejection(old.delete())).to.be.instanceOf(StaleObjectError)
    expect(await folder.delete()).to.deep.equal([1, { Folder: 1 }])
  })

  it('every other write counts too', async () => {
    const [mine, theirs] = await two()
    await Page.objects.bulkCreate([{ slug: 'b' }])
    expect(await Page.objects.update({ text: 'x' })).to.equal(2)
    expect(await versions()).to.deep.equal([2, 2])
    expect(await rejection(mine.delete())).to.be.instanceOf(StaleObjectError)
    const pages = await Page.objects.orderBy('id')
    for (const page of pages) page.text = page.slug
    await schema.sends(1, () => Page.objects.bulkUpdate([...pages, theirs], ['text']))
    expect(await versions()).to.deep.equal([3, 3])
    expect(pages.map(({ version }) => version)).to.deep.equal([3, 3])
    await schema.sends(0, () => pages[0]?.save())
    const conflicts = {
      updateConflicts: true,
      uniqueFields: ['slug'],
      updateFields: ['text'],
    } as const
    const [again] = await Page.objects.bulkCreate([{ slug: 'a', text: 'again' }], conflicts)
    expect(again?.version).to.equal(4)
    const [updated] = await Page.objects.updateOrCreate({ slug: 'a' }, { defaults: { text: 'y' } })
    expect(updated.version).to.equal(5)
  })

  it('counts what changes rows by a relation, and tells the instances', async () => {
    const folder = await Folder.objects.create({ name: 'f' })
    const [page, stale] = await two()
    await folder.pages.add(page)
    expect([page.version, ...(await versions())]).to.deep.equal([2, 2])
    page.text = 'on'
    await page.save()
    expect(await rejection(folder.pages.add(stale).then(() => stale.delete()))).to.be.instanceOf(
      StaleObjectError,
    )
    await folder.delete()
    expect(await versions()).to.deep.equal([5])
    expect(await rejection(page.delete())).to.be.instanceOf(StaleObjectError)
  })

  it('a rollback takes the count back too', async () => {
    const page = await Page.objects.create({ slug: 'a' })
    page.text = 'new'
    await rejection(
      schema.db.atomic(async () => {
        await page.save()
        await Page.objects.bulkUpdate([page], ['text'])
        expect(page.version).to.equal(3)
        throw new Error('no')
      }),
    )
    expect(page.version).to.equal(1)
    await page.save()
    expect(await versions()).to.deep.equal([2])
  })

  it('lets one of two that save at the same time win', async () => {
    const page = await Page.objects.create({ slug: 'a' })
    const copies = await Promise.all([1, 2, 3].map(() => Page.objects.get({ pk: page.pk })))
    const outcomes = await Promise.allSettled(
      copies.map((copy, at) => {
        copy.text = `${at}`
        return copy.save()
      }),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(1)
    expect(await versions()).to.deep.equal([2])
  })

  it('is part of rows, but of no schema of what is written', async () => {
    const page = await Page.objects.create({ slug: 'a' })
    expect(Page.schema.parse(page.toJSON())).to.deep.equal({ ...page })
    for (const schemaOf of [Page.createSchema, Page.updateSchema]) {
      const { success, error } = schemaOf.safeParse({ slug: 'b', version: 9 })
      expect([success, error?.issues.map(({ message }) => message)]).to.deep.equal([
        false,
        ['Unrecognized key: "version"'],
      ])
    }
    await Page.objects.update(Page.updateSchema.parse({ text: 'x' }))
    expect(await Page.objects.values('slug', 'text', 'version')).to.deep.equal([
      { slug: 'a', text: 'x', version: 2 },
    ])
  })

  it('is written by nobody else', async () => {
    const page = await Page.objects.create({ slug: 'a' })
    await schema.sends(0, async () => {
      for (const work of [
        Page.objects.update({ version: 9 } as object),
        Page.objects.bulkUpdate([page], ['version' as never]),
        page.save({ fields: ['version' as string] }),
        Page.objects.bulkCreate([{ slug: 'b' }], {
          updateConflicts: true,
          updateFields: ['version' as never],
        }),
      ]) {
        expect(await rejection(work)).to.be.instanceOf(FieldError)
      }
    })
    expect(thrown(() => fields.version({ default: 3 } as never))).to.be.instanceOf(
      ImproperlyConfigured,
    )
    class Twice extends Model('twice', { a: fields.version(), b: fields.version() }) {}
    expect(thrown(() => new Twice())).to.be.instanceOf(ImproperlyConfigured)
  })
})
