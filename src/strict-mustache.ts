import mustache from 'mustache';

const { Context, Writer } = mustache;

/** A view in which a name that the template uses and the caller forgot is an error, not an empty text. */
class StrictContext extends Context {
  override lookup(name: string): unknown {
    const value: unknown = super.lookup(name);
    if (value === undefined || value === null) throw new TypeError(`the template uses "${name}", which was not given`);
    return value;
  }

  override push(view: unknown): StrictContext {
    return new StrictContext(view, this);
  }
}

/** The text of a partial (`{{>name}}`); throws for a name it does not know. */
export type Partials = (name: string) => string;

/**
 * Renders a mustache text whose every hole goes through `quote`, the quoting of the language the text is in; the same holds
 * for its partials.
 * @throws TypeError for a missing name, for holes that would not be quoted, and for partials where none are given
 */
export function renderStrictly(template: string, view: object, quote: (value: unknown) => string, partials?: Partials): string {
  const strictPartials = (name: string): string => {
    if (!partials) throw new TypeError('this template may not use {{>partials}}');
    return checked(partials(name));
  };
  return new Writer().render(checked(template), new StrictContext(view), strictPartials, { escape: quote });
}

function checked(template: string): string {
  if (/\{\{[{&]/.test(template)) throw new TypeError('a template may not use {{{raw}}} or {{&raw}}');
  return template;
}
