import { ImproperlyConfigured } from '../errors.ts'

/** What the registry needs of a model: its name, and where it was declared (`file:line:column`). */
export interface Registered {
  readonly name: string
  readonly site: string
}

/** Models by name, so that others can refer to them by it and they get their reverse sides. */
export class Registry<M extends Registered> {
  readonly #byName = new Map<string, M[]>()
  #version = 0

  /** Grows with every model: what was derived from fewer models is out of date. */
  get version(): number {
    return this.#version
  }

  add(model: M): void {
    const known = this.#byName.get(model.name)
    if (known === undefined) this.#byName.set(model.name, [model])
    else known.push(model)
    this.#version += 1
  }

  all(): M[] {
    return [...this.#byName.values()].flat()
  }

  /**
   * The model a string target means, seen from `from`: `'self'`, or the name of a model. Where
   * several have the name, one of the same file is meant, and among those of one place (a model
   * that was defined again) the latest.
   *
   * @throws ImproperlyConfigured for a name that is unknown or ambiguous.
   */
  resolve(name: string, from: M): M {
    if (name === 'self') return from
    const all = this.#byName.get(name) ?? []
    const near = all.filter((model) => fileOf(model.site) === fileOf(from.site))
    const candidates = near.length > 0 ? near : all
    const latest = candidates[candidates.length - 1]
    if (latest === undefined) throw this.#unknown(name)
    if (candidates.some((model) => model.site !== latest.site)) {
      const places = candidates.map((model) => model.site).join(', ')
      throw new ImproperlyConfigured(
        `The model name '${name}' is ambiguous: it is declared at ${places}. Name one of them ` +
          'differently (options.name), or refer to the class itself.',
      )
    }
    return latest
  }

  #unknown(name: string): ImproperlyConfigured {
    const names = [...this.#byName.keys()].sort().join(', ')
    return new ImproperlyConfigured(
      `There is no model named '${name}'. Registered are: ${names || 'none'}. A class registers ` +
        'when its first manager is made: import its module before the first query, or list all ' +
        'models in connect(config, { models }).',
    )
  }
}

/** The file of a place `file:line:column`. */
function fileOf(site: string): string {
  return site.replace(/(:\d+){1,2}$/, '')
}
