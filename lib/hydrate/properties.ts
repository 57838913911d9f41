import type { ModelMeta } from '../meta/model-meta.ts'
import { generated, numbered } from './generated.ts'
import type { Columns } from './instance.ts'

/** All columns of an instance at once, in the model's order. */
export interface Properties {
  read(instance: Columns): unknown[]
  write(instance: Columns, values: readonly unknown[]): void
}

const known = new WeakMap<ModelMeta, Properties>()

/**
 * How the columns of a model's instances are read and written: by code in which V8 sees one name at
 * each place, which is several times as fast as a loop over the names.
 */
export function propertiesOf(model: ModelMeta): Properties {
  let properties = known.get(model)
  if (properties === undefined) {
    properties = made(model.columns.map(({ name }) => name))
    known.set(model, properties)
  }
  return properties
}

function made(names: readonly string[]): Properties {
  const reads = names.map((_, at) => `instance[name${at}]`)
  const writes = names.map((_, at) => `instance[name${at}] = values[${at}]`)
  const read = `read: (instance) => [${reads.join(', ')}]`
  const write = `write: (instance, values) => { ${writes.join('; ')} }`
  return generated(numbered('name', names), `{ ${read}, ${write} }`, () => looped(names))
}

function looped(names: readonly string[]): Properties {
  return {
    read: (instance) => names.map((name) => instance[name]),
    write: (instance, values) => {
      names.forEach((name, at) => {
        instance[name] = values[at]
      })
    },
  }
}
