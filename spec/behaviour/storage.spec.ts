/** Databases that cannot be opened, read or written: what every way of asking them says. */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import type { Knex } from 'knex'
import { connect, type Database, OperationalError, Repeat } from '../../lib/index.ts'
import { databases, describeOnEach, type FreshDatabase, migrate } from '../support/databases.ts'
import { Tag } from './support/library.ts'
import { rejection, until } from './support/stage.ts'

const ROWS = 300
const PAGE = 4096

const tags = () => Tag.objects.using('broken')
const READS: Record<string, () => PromiseLike<unknown>> = {
  await: () => tags().orderBy('id'),
  'count()': () => tags().count(),
  'startFetch()': () => tags().orderBy('id').startFetch(),
  'iterator()': async () => {
    for await (const _ of tags().iterator({ chunkSize: 10 }));
  },
  'atomic({ readOnly })': () => broken().atomic(() => tags().count(), { readOnly: true }),
}
const WRITES: Record<string, () => PromiseLike<unknown>> = {
  'create()': () => tags().create({ name: 'new' }),
  'bulkCreate()': () => tags().bulkCreate([{ name: 'new' }, { name: 'newer' }]),
  'update()': () =>
    tags()
      .filter({ id: 1 })
      .update({ name: 'x'.repeat(50) }),
  'delete()': () => tags().filter({ id: 1 }).delete(),
  'atomic()': () => broken().atomic(() => tags().create({ name: 'new' })),
}

let opened: Database | undefined
function broken(): Database {
  if (opened === undefined) throw new Error('not opened')
  return opened
}

/** Every way rejects, by name and with the code of the database, and holds no connection. */
async function refuses(ways: typeof READS, code: string): Promise<void> {
  for (const [way, run] of Object.entries(ways)) {
    const error = await rejection(run()).catch(() => expect.fail(`${way} resolved`))
    expect(error, `${way}: ${error.stack}`).to.be.instanceOf(OperationalError)
    expect(error.cause, way).to.have.property('code', code)
    expect(broken().knex.client.pool.numUsed(), way).to.equal(0)
  }
}

const filenameOf = ({ config }: FreshDatabase): string =>
  (config.connection as { filename: string }).filename
const urlOf = ({ config }: FreshDatabase): URL =>
  new URL((config.connection as { connectionString: string }).connectionString)
const fileAt = (filename: string, flags?: string[]): Knex.Config => ({
  client: 'sqlite3',
  connection: { filename, ...(flags === undefined ? {} : { flags }) } as never,
})
const serverAt = (url: URL, options?: string): Knex.Config => ({
  client: 'pg',
  connection: {
    connectionString: url.href,
    ...(options === undefined ? {} : { options }),
  },
})

interface Case {
  readonly what: string
  readonly code: string
  /** What is asked is answered; else nothing is. */
  readonly reads?: true
  /** Breaks a database with rows in it; gives how to open it. */
  make(fresh: FreshDatabase): Promise<Knex.Config> | Knex.Config
}

const ON_SQLITE: readonly Case[] = [
  {
    what: 'in a directory that is not there',
    code: 'SQLITE_CANTOPEN',
    make: (fresh) => fileAt(join(dirname(filenameOf(fresh)), 'no', 'such.sqlite')),
  },
  {
    what: 'whose file is a directory',
    code: 'SQLITE_CANTOPEN',
    make(fresh) {
      const name = `${filenameOf(fresh)}.d`
      mkdirSync(name)
      return fileAt(name)
    },
  },
  {
    what: 'whose file is none of SQLite',
    code: 'SQLITE_NOTADB',
    make(fresh) {
      const name = `${filenameOf(fresh)}.txt`
      writeFileSync(name, 'neither a database nor short '.repeat(PAGE))
      return fileAt(name)
    },
  },
  {
    what: 'whose file is damaged',
    code: 'SQLITE_CORRUPT',
    make(fresh) {
      const file = openSync(filenameOf(fresh), 'r+')
      // All but the page with the schema.
      writeSync(file, Buffer.alloc(50 * PAGE, 0xab), 0, undefined, PAGE)
      closeSync(file)
      return fileAt(filenameOf(fresh))
    },
  },
  {
    what: 'whose file was cut off',
    code: 'SQLITE_CORRUPT',
    make(fresh) {
      truncateSync(filenameOf(fresh), 3 * PAGE)
      return fileAt(filenameOf(fresh))
    },
  },
  {
    what: 'that can only be read',
    code: 'SQLITE_READONLY',
    reads: true,
    make: (fresh) => fileAt(`file:${filenameOf(fresh)}?mode=ro`, ['OPEN_URI', 'OPEN_READWRITE']),
  },
]

const ON_POSTGRES: readonly Case[] = [
  {
    what: 'that is not there',
    code: '3D000',
    make(fresh) {
      const url = urlOf(fresh)
      url.pathname = '/no_such_database'
      return serverAt(url)
    },
  },
  {
    what: 'whose password is another',
    code: '28P01',
    make(fresh) {
      const url = urlOf(fresh)
      url.password = 'another'
      return serverAt(url)
    },
  },
  {
    what: 'that can only be read',
    code: '25006',
    reads: true,
    make: (fresh) => serverAt(urlOf(fresh), '-c default_transaction_read_only=on'),
  },
]

async function fill(fresh: FreshDatabase): Promise<void> {
  const db = connect(fresh.config, { name: 'whole' })
  await migrate(db.knex)
  const rows = Array.from({ length: ROWS }, (_, at) => ({ name: `tag ${at}` }))
  await Tag.objects.using('whole').bulkCreate(rows)
  if (db.dialect === 'sqlite') await db.knex.raw('pragma wal_checkpoint(truncate)')
  await db.close()
}

describeOnEach(
  'a database that cannot be used (F58)',
  (kind) => {
    let fresh: FreshDatabase

    beforeEach(async () => {
      fresh = await kind.create()
      await fill(fresh)
    })
    afterEach(async () => {
      await opened?.close()
      opened = undefined
      await fresh.drop()
    })
    const open = (config: Knex.Config) => {
      opened = connect(config, { name: 'broken' })
    }

    for (const { what, code, reads, make } of kind.dialect === 'sqlite' ? ON_SQLITE : ON_POSTGRES) {
      it(`one ${what}: every way says so, by ${code}`, async () => {
        open(await make(fresh))
        await refuses(WRITES, code)
        if (reads === undefined) await refuses(READS, code)
        else for (const read of Object.values(READS)) await read()
      })
    }

    it('one that is read only in a transaction: nothing of that is saved', async () => {
      open(fresh.config)
      const code = kind.dialect === 'sqlite' ? 'SQLITE_READONLY' : '25006'
      for (const write of Object.values(WRITES)) {
        const error = await rejection(broken().atomic(write, { readOnly: true }))
        expect(error).to.be.instanceOf(OperationalError)
        expect(error.cause).to.have.property('code', code)
      }
      expect(await tags().count()).to.equal(ROWS)
      await tags().create({ name: 'new' })
    })

    it('one whose disk is full: nothing is half saved, and all goes on when it is not', async () => {
      if (kind.dialect === 'postgresql') {
        // The only space that a server lets us limit: what a sort writes to disk.
        open(serverAt(urlOf(fresh), '-c temp_file_limit=8 -c work_mem=64kB'))
        const sorted = tags().annotate({ big: Repeat('name', 500) })
        await refuses({ sorted: () => sorted.orderBy('big', 'id') }, '53400')
        expect(await tags().count()).to.equal(ROWS)
        return
      }
      open({ ...fresh.config, pool: { min: 0, max: 1 } })
      await broken().knex.raw('pragma max_page_count = 1')
      const many = Array.from({ length: 2000 }, (_, at) => ({ name: String(at).padEnd(50) }))
      await refuses(
        {
          'bulkCreate()': () => tags().bulkCreate(many),
          'bulkCreate() as they come': () => tags().bulkCreate(new Set(many), { batchSize: 100 }),
          'atomic()': () => broken().atomic(() => tags().bulkCreate(many)),
        },
        'SQLITE_FULL',
      )
      const swallowed = () => Promise.allSettled([tags().bulkCreate(many)])
      const error = await rejection(broken().atomic(swallowed))
      expect(error).to.have.property('code', 'TRANSACTION_BROKEN')
      expect(await tags().count()).to.equal(ROWS)
      await broken().knex.raw('pragma max_page_count = 100000')
      await tags().bulkCreate(many)
      expect(await tags().count()).to.equal(ROWS + many.length)
    })
  },
  databases.filter(({ name }) => name !== 'SQLite memory'),
)

describeOnEach(
  'a file that is none of SQLite (F58)',
  (kind) => {
    it('is closed again, however often it is tried', async function () {
      if (process.platform === 'win32') this.skip()
      const fresh = await kind.create()
      writeFileSync(filenameOf(fresh), 'neither a database nor short '.repeat(PAGE))
      const db = connect(fresh.config, { name: 'broken' })
      const open = () => readdirSync('/dev/fd').length
      const before = open()
      for (let time = 0; time < 50; time += 1) await rejection(tags().count())
      await until(() => open() <= before)
      await db.close()
      await fresh.drop()
    })
  },
  databases.filter(({ name }) => name === 'SQLite file'),
)
