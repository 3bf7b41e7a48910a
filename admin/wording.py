"""Templates by language: what `_("…")` says stands in them from the start, and no row of a list looks it up."""

from types import FunctionType, MethodType
from typing import Any
from uuid import UUID

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
from jinja2.visitor import NodeTransformer
from litestar.plugins.jinja import JinjaTemplateEngine
from markupsafe import Markup, escape
from markupsafe import _escape_inner as escaped  # type: ignore[attr-defined]

from infra.words import LANGUAGES, _, language, speaking


class _Said(NodeTransformer):
    """Puts the words themselves in place of the call that would look them up."""

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 (Jinja's name)
        """Leave what is known only later, such as `_(word)`."""
        match self.generic_visit(node):
            case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=text)]):
                return nodes.Const(_(text), lineno=node.lineno)
            case other:
                return other


class _Written(CodeGenerator):
    """Writes values as `WordedEnvironment.written` has them."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.written(")


class _Calling(Context):
    """Calls what a template calls; Jinja asks of each call again what it wants to be told besides, mostly nothing."""

    def call(self, what: Any, /, *args: Any, **named: Any) -> Any:
        """Call it as Jinja would."""
        kind = type(what)
        if kind is Macro or ((kind is MethodType or kind is FunctionType) and not hasattr(what, "jinja_pass_arg")):
            named.pop("_loop_vars", None)
            named.pop("_block_vars", None)
            return what(*args, **named)
        return super().call(what, *args, **named)


class WordedEnvironment(Environment):
    """Compiles templates for one language."""

    spoken = LANGUAGES[0]
    code_generator_class = _Written
    context_class = _Calling

    @staticmethod
    def written(value: Any) -> str:
        """Return what `escape` makes of a value, as plain text.

        A list writes a thousand of them and only joins them; what `escape` puts around each, for those who build on it,
        takes four fifths of its time.
        """
        kind = type(value)
        if kind is str:
            return escaped(value)
        if kind is UUID or kind is int:
            return str(value)
        return value if kind is Markup else escape(value)

    def compile(self, source: str | nodes.Template, name: Any = None, filename: Any = None, *flags: Any) -> Any:
        """Compile with the words in it."""
        tree = self.parse(source, name, filename) if isinstance(source, str) else source
        with speaking(self.spoken):
            return super().compile(_Said().visit(tree), name, filename, *flags)


class Worded(JinjaTemplateEngine):
    """The templates of whichever language is spoken when a page is made."""

    def __init__(self, environment: WordedEnvironment) -> None:
        super().__init__(engine_instance=environment)
        self._environments = {spoken: environment.overlay() for spoken in LANGUAGES}
        for spoken, one in self._environments.items():
            one.spoken = spoken

    def get_template(self, template_name: str) -> Template:
        """Return a template by its path."""
        return self._environments[language()].get_template(template_name)
