import { readFileSync } from 'node:fs'
import { expect } from 'chai'

interface LockedPackage {
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly peer?: boolean
  readonly optional?: boolean
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
}

const read = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'))

describe('what is installed with it', () => {
  const manifest = read('package.json')

  it('S65 is knex and zod; drivers are the choice of the application', () => {
    expect(Object.keys(manifest['dependencies'] as object)).to.eql(['knex', 'zod'])
    const peers = Object.keys(manifest['peerDependencies'] as object)
    expect(Object.keys(manifest['peerDependenciesMeta'] as object).sort()).to.eql(peers.sort())
  })

  it('S65 runs no script when it is installed', () => {
    const scripts = Object.keys(manifest['scripts'] as object)
    for (const script of ['preinstall', 'install', 'postinstall']) {
      expect(scripts).not.to.include(script)
    }
  })

  it('S65 needs nothing from elsewhere or without a checksum, and nothing that runs scripts', () => {
    const locked = Object.entries(
      read('package-lock.json')['packages'] as Record<string, LockedPackage>,
    )
    const installed = locked.filter(
      ([path, { dev, devOptional, peer, optional }]) =>
        path !== '' && !dev && !devOptional && !peer && !optional,
    )
    expect(installed.map(([path]) => path)).to.include.members([
      'node_modules/knex',
      'node_modules/zod',
    ])
    for (const [path, { resolved, integrity, hasInstallScript }] of installed) {
      // Left out, it is the registry of whoever installs; never a repository or a file.
      expect(resolved ?? 'https://registry.npmjs.org/', path).to.match(
        /^https:\/\/registry\.npmjs\.org\//,
      )
      expect(integrity, path).to.match(/^sha512-/)
      expect(hasInstallScript, path).to.equal(undefined)
    }
  })
})
