/** TypeScript's own language server, asked for what an editor would show. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compiler } from './support.ts'

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly items?: readonly unknown[] }
  readonly result?: unknown
}

interface Completions {
  readonly items: readonly { readonly label: string }[]
}

/** A session with `tsc --lsp --stdio` on the project in a folder. */
export class LanguageServer {
  readonly #process: ChildProcess
  readonly #folder: string
  readonly #answers = new Map<number, (result: unknown) => void>()
  #received: Buffer = Buffer.alloc(0)
  #requests = 0

  constructor(process: ChildProcess, folder: string) {
    this.#process = process
    this.#folder = folder
    process.stdout?.on('data', (data: Buffer) => this.#receive(data))
  }

  static async start(folder: string): Promise<LanguageServer> {
    const child = spawn(process.execPath, [compiler, '--lsp', '--stdio'], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const server = new LanguageServer(child, folder)
    const capabilities = { textDocument: { completion: { completionItem: {} } } }
    await server.#request('initialize', {
      processId: process.pid,
      rootUri: String(pathToFileURL(folder)),
      capabilities,
    })
    server.#send({ method: 'initialized', params: {} })
    return server
  }

  /** What is offered where `|` stands in the last line of a file that is not on the disk. */
  async completions(file: string, text: string): Promise<string[]> {
    const offset = text.lastIndexOf('|')
    const before = text.slice(0, offset).split('\n')
    const uri = String(pathToFileURL(join(this.#folder, file)))
    const document = { uri, languageId: 'typescript', version: 1 }
    const shown = text.slice(0, offset) + text.slice(offset + 1)
    this.#send({
      method: 'textDocument/didOpen',
      params: { textDocument: { ...document, text: shown } },
    })
    const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 }
    const result = await this.#request('textDocument/completion', {
      textDocument: { uri },
      position,
    })
    this.#send({ method: 'textDocument/didClose', params: { textDocument: { uri } } })
    return ((result as Completions | null)?.items ?? []).map(({ label }) =>
      label.replace(/(?<=.)\?$/, ''),
    )
  }

  stop(): void {
    this.#process.kill()
  }

  #request(method: string, params: object): Promise<unknown> {
    this.#requests += 1
    const id = this.#requests
    return new Promise((resolve) => {
      this.#answers.set(id, resolve)
      this.#send({ id, method, params })
    })
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.#process.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }

  #receive(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data])
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = this.#received.subarray(0, end).toString()
      const length = Number(/Content-Length: (\d+)/i.exec(head)?.[1])
      if (this.#received.length < end + 4 + length) return
      const body = this.#received.subarray(end + 4, end + 4 + length).toString()
      this.#received = this.#received.subarray(end + 4 + length)
      this.#handle(JSON.parse(body) as Message)
    }
  }

  #handle({ id, method, params, result }: Message): void {
    if (id === undefined) return
    if (method === undefined) this.#answers.get(id)?.(result)
    // A question of the server's, about settings: it may have its defaults.
    else this.#send({ id, result: params?.items?.map(() => null) ?? null })
  }
}
