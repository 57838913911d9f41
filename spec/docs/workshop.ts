/**
 * The folder that README.md's tour begins with, `npm i` done: the package as `npm pack` makes it,
 * and links to what else is installed here, so that nothing has to be fetched.
 */
import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../support/source-tree.ts'

const run = promisify(execFile)
const SHELL_MS = 170_000

export interface Workshop {
  /** Where the tour is run; has `node_modules` and nothing else. */
  readonly tour: string
  /** Where the other programs go; has the same `node_modules`. */
  readonly programs: string
  remove(): void
}

/** Builds and packs the package, and installs it and `packages` with the commands they have. */
export async function openWorkshop(packages: readonly string[]): Promise<Workshop> {
  const scratch = mkdtempSync(join(tmpdir(), 'asynchrormous-docs-'))
  const [tour, programs] = [join(scratch, 'bookshop'), join(scratch, 'programs')]
  const modules = join(tour, 'node_modules')
  mkdirSync(join(modules, 'asynchrormous'), { recursive: true })
  mkdirSync(programs)
  symlinkSync(modules, join(programs, 'node_modules'), 'junction')
  const tarball = await pack(scratch)
  await run('tar', ['-xzf', tarball, '--strip-components=1'], {
    cwd: join(modules, 'asynchrormous'),
  })
  for (const name of new Set([...packages, ...dependencies()])) link(name, modules)
  return { tour, programs, remove: () => rmSync(scratch, { recursive: true, force: true }) }
}

/** The tarball of what is in this checkout, built aside so that `dist/` is left alone. */
async function pack(scratch: string): Promise<string> {
  const source = join(scratch, 'source')
  for (const name of [
    'package.json',
    'tsconfig.json',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    'lib',
  ]) {
    cpSync(join(root, name), join(source, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'), 'junction')
  await tsc(source)
  const { stdout } = await shell(source, 'npm pack --ignore-scripts --silent')
  return join(source, stdout.trim())
}

function dependencies(): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return Object.keys(manifest.dependencies)
}

function link(name: string, modules: string): void {
  const target = join(root, 'node_modules', name)
  const { bin = {} } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'))
  mkdirSync(dirname(join(modules, name)), { recursive: true })
  symlinkSync(target, join(modules, name), 'junction')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  const commands: [string, string][] = Object.entries(
    typeof bin === 'string' ? { [name]: bin } : bin,
  )
  for (const [command, file] of commands)
    symlinkSync(join(target, file), join(modules, '.bin', command))
}

/** Runs the compiler; rejects with what it says. */
export async function tsc(cwd: string, ...args: readonly string[]): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  await run(process.execPath, [compiler, ...args], { cwd }).catch(({ stdout, stderr }) => {
    throw new Error(`tsc:\n${stdout}${stderr}`)
  })
}

/** Runs shell commands as a user would, on nobody's database but the one in `env`. */
export async function shell(
  cwd: string,
  commands: string,
  env: Record<string, string> = {},
): Promise<{ stdout: string; stderr: string }> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|DATABASE_URL$|NODE_ENV$|NODE_OPTIONS$)/i.test(name),
  )
  const options = { cwd, env: { ...Object.fromEntries(inherited), ...env }, timeout: SHELL_MS }
  return await run('sh', ['-e', '-c', commands], options).catch(({ stdout, stderr }) => {
    throw new Error(`${commands}\n${stdout}${stderr}`)
  })
}

/** Writes a file and the folders it is in. */
export function write(folder: string, name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}
