/** The checkout itself, or a copy below /var/tmp when root alone can read it. */
export declare function readableCheckout(root: string): { readonly dir: string; readonly corpus: string | null; readonly copied: boolean; remove(): void };
