/** A parsed file under `src/` and what the rules of `tidy` ask of it: its imports, its functions, its free names. */
import { posix } from 'node:path';
import ts from 'typescript';

export type ImportOf = Readonly<{ specifier: string; line: number }>;
export type FunctionOf = Readonly<{ name: string; line: number; lines: number }>;
export type NameUse = Readonly<{ name: string; line: number }>;

export type SourceFile = Readonly<{
  /** Relative to the repository, with `/`. */
  path: string;
  text: string;
  lineCount: number;
  isTest: boolean;
  imports: readonly ImportOf[];
  functions: readonly FunctionOf[];
  /** Names used as values or types that the file does not declare itself; `a.b` adds `a` and `a.b`. */
  freeNames: readonly NameUse[];
  /** Where the file is asynchronous: `async`, `await`, dynamic imports. */
  asyncUses: readonly NameUse[];
}>;

/** Parses one file. `path` is relative to the repository. */
export function parseSource(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true, ts.ScriptKind.TS);
  const collector = new Collector(tree);
  collector.visit(tree);
  return {
    path,
    text,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    isTest: path.endsWith('.test.ts'),
    imports: collector.imports,
    functions: collector.functions,
    freeNames: collector.uses.filter((use) => !collector.declared.has(use.name.split('.')[0] ?? '')),
    asyncUses: collector.asyncUses,
  };
}

/** The repository path that a relative import means; null for packages. */
export function resolveImport(fromPath: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  return posix.normalize(posix.join(posix.dirname(fromPath), specifier));
}

class Collector {
  readonly imports: ImportOf[] = [];
  readonly functions: FunctionOf[] = [];
  readonly uses: NameUse[] = [];
  readonly asyncUses: NameUse[] = [];
  readonly declared = new Set<string>();
  readonly #tree: ts.SourceFile;

  constructor(tree: ts.SourceFile) {
    this.#tree = tree;
  }

  visit(node: ts.Node): void {
    this.#import(node);
    this.#function(node);
    this.#async(node);
    if (ts.isIdentifier(node)) this.#identifier(node);
    ts.forEachChild(node, (child) => {
      this.visit(child);
    });
  }

  #line(node: ts.Node): number {
    return this.#tree.getLineAndCharacterOfPosition(node.getStart(this.#tree)).line + 1;
  }

  #import(node: ts.Node): void {
    let target: ts.Node | undefined;
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) target = node.moduleSpecifier;
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      target = node.arguments[0];
      this.asyncUses.push({ name: 'import()', line: this.#line(node) });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) target = node.argument.literal;
    if (target !== undefined && ts.isStringLiteralLike(target)) {
      this.imports.push({ specifier: target.text, line: this.#line(node) });
    }
  }

  #function(node: ts.Node): void {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    const first = this.#line(node);
    const last = this.#tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    this.functions.push({ name: functionName(node), line: first, lines: last - first + 1 });
  }

  #async(node: ts.Node): void {
    if (node.kind === ts.SyntaxKind.AsyncKeyword) this.asyncUses.push({ name: 'async', line: this.#line(node) });
    if (ts.isAwaitExpression(node)) this.asyncUses.push({ name: 'await', line: this.#line(node) });
  }

  #identifier(node: ts.Identifier): void {
    const { parent } = node;
    if (isDeclarationName(node, parent)) {
      this.declared.add(node.text);
      return;
    }
    if (isMemberName(node, parent)) return;
    const line = this.#line(node);
    this.uses.push({ name: node.text, line });
    if (ts.isPropertyAccessExpression(parent) && parent.expression === node) {
      this.uses.push({ name: `${node.text}.${parent.name.text}`, line });
    }
  }
}

function functionName(node: ts.SignatureDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  if ((ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) && ts.isIdentifier(parent.name)) {
    return parent.name.text;
  }
  return '(anonymous)';
}

/** True where the identifier brings a name into the file's scopes. */
function isDeclarationName(node: ts.Identifier, parent: ts.Node): boolean {
  if (
    ts.isVariableDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isBindingElement(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isFunctionExpression(parent) ||
    ts.isClassDeclaration(parent) ||
    ts.isInterfaceDeclaration(parent) ||
    ts.isTypeAliasDeclaration(parent) ||
    ts.isTypeParameterDeclaration(parent) ||
    ts.isImportClause(parent) ||
    ts.isNamespaceImport(parent) ||
    ts.isImportSpecifier(parent)
  ) {
    return parent.name === node;
  }
  return false;
}

/** True where the identifier only names a member of something else. */
function isMemberName(node: ts.Identifier, parent: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  if (ts.isBindingElement(parent) || ts.isImportSpecifier(parent)) return parent.propertyName === node;
  if (
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isGetAccessorDeclaration(parent) ||
    ts.isSetAccessorDeclaration(parent) ||
    ts.isNamedTupleMember(parent)
  ) {
    return parent.name === node;
  }
  return ts.isExportSpecifier(parent) || ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent);
}
