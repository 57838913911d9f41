/** A PostgreSQL server of a spec's own, in a process of its own, that is brought down and up again. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'

const FILE = fileURLToPath(import.meta.url)

type Order = 'restart' | 'stop' | Parameters<PostgresServer['crash']>[0]

/** What its process answers: where it is, or what went wrong. */
type Answer = { readonly url: string } | { readonly failure: string }

export class MortalServer {
  readonly url: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.url = url
  }

  static async start(): Promise<MortalServer> {
    const child = fork(FILE, ['serve'], { execArgv: ['--import', 'tsx'], stdio: 'inherit' })
    return new MortalServer(child, await answerOf(child))
  }

  /** See `PostgresServer.crash`. */
  async crash(signal: Parameters<PostgresServer['crash']>[0]): Promise<void> {
    await this.#told(signal)
  }

  async restart(): Promise<void> {
    await this.#told('restart')
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    await this.#told('stop')
    await gone
  }

  async #told(order: Order): Promise<void> {
    this.#child.send(order)
    await answerOf(this.#child)
  }
}

async function answerOf(child: ChildProcess): Promise<string> {
  const answer = await new Promise<Answer>((resolve, reject) => {
    const onExit = () => reject(new Error('The process of the server ended.'))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message as Answer)
    })
  })
  if ('failure' in answer) throw new Error(answer.failure)
  return answer.url
}

async function serve(): Promise<void> {
  const tell = (answer: Answer) => process.send?.(answer)
  const server = await startPostgres()
  const follow = async (order: Order): Promise<void> => {
    if (order === 'stop') await server.stop()
    else if (order === 'restart') await server.restart()
    else await server.crash(order)
    tell({ url: server.url })
    if (order === 'stop') process.exit(0)
  }
  process.on('message', (order: Order) => {
    follow(order).catch((error: unknown) => tell({ failure: String(error) }))
  })
  // Who started it is gone.
  process.on('disconnect', () => void server.stop().finally(() => process.exit(0)))
  tell({ url: server.url })
}

if (process.argv[1] === FILE) await serve()
