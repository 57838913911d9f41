/** Several processes on one SQLite file, and one that is killed while it writes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { expect } from 'chai'
import { databases, describeOnEach } from '../support/databases.ts'
import { read, useDatabase, write } from './helpers.ts'

const WORKER = new URL('./support/writing-process.ts', import.meta.url).pathname
const INCREMENTS = 200
const KILLS = 3

interface Written {
  readonly code: number | null
  readonly lines: readonly string[]
  readonly errors: string
}

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', WORKER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function ended(child: ChildProcess, onLine?: (lines: number) => void): Promise<Written> {
  let out = ''
  let errors = ''
  child.stdout?.on('data', (data) => {
    out += data
    onLine?.(out.split('\n').length - 1)
  })
  child.stderr?.on('data', (data) => {
    errors += data
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      // What follows the last line end was not told to the end.
      resolve({ code, lines: out.split('\n').slice(0, -1), errors })
    })
  })
}

describeOnEach(
  'several processes on one SQLite file',
  (kind) => {
    const at = useDatabase(kind)
    const filename = () => (at.fresh.config.connection as { filename: string }).filename

    it(`2 × ${INCREMENTS} increments: no error, none lost (F44)`, async () => {
      const { db } = at
      await write(db.current(), 'create table counter (n integer not null)')
      await write(db.current(), 'insert into counter values (0)')
      const both = [1, 2].map(() => ended(start(filename(), 'increments', String(INCREMENTS))))
      for (const { code, errors } of await Promise.all(both)) {
        expect([code, errors]).to.deep.equal([0, ''])
      }
      expect(await read(db.current(), 'select n from counter')).to.deep.equal([[2 * INCREMENTS]])
    })

    it('kill -9 of one that writes: what it acknowledged is there, and no half (F46)', async () => {
      const { db } = at
      await write(db.current(), 'create table pairs (id integer not null, half integer not null)')
      for (let kill = 1; kill <= KILLS; kill += 1) {
        await write(db.current(), 'delete from pairs')
        const child = start(filename(), 'rows', '1000000')
        const { lines } = await ended(child, (told) => {
          if (told >= 20 * kill) child.kill('SIGKILL')
        })
        const rows = await read(
          db.current(),
          'select id, count(*) from pairs group by id order by id',
        )
        const acknowledged = rows.slice(0, lines.length).map(([id]) => String(id))
        expect(acknowledged).to.deep.equal(lines)
        expect(rows.filter(([, halves]) => halves !== 2)).to.deep.equal([])
        // At most the one that was under way was saved without a word.
        expect(rows.length - lines.length).to.be.within(0, 1)
      }
      expect(await read(db.current(), 'pragma integrity_check')).to.deep.equal([['ok']])
    })
  },
  databases.filter(({ name }) => name === 'SQLite file'),
)
