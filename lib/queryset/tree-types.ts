import type { FieldsOf } from '../meta/row-types.ts'

/** The keys of `M` that lead to other rows of `M`. */
export type SelfRelations<M> = {
  [K in keyof FieldsOf<M> & string]: FieldsOf<M>[K] extends {
    readonly kind: 'foreignKey' | 'oneToOne'
    readonly spec: { readonly target: infer T }
  }
    ? [FieldsOf<T>, FieldsOf<M>] extends [FieldsOf<M>, FieldsOf<T>]
      ? K
      : never
    : never
}[keyof FieldsOf<M> & string]
